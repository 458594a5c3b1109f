-- The database and its users; safe to run again. The service's user owns nothing.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('fines_migrator'), ('fines_service')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE fines_migrator PASSWORD :'migrator_password';
ALTER ROLE fines_service PASSWORD :'service_password';
SELECT 'CREATE DATABASE fines OWNER fines_migrator'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'fines')
\gexec
REVOKE ALL ON DATABASE fines FROM public;
GRANT CONNECT, TEMPORARY ON DATABASE fines TO fines_service;
\connect fines
ALTER SCHEMA public OWNER TO fines_migrator;
REVOKE ALL ON SCHEMA public FROM public;
GRANT USAGE ON SCHEMA public TO fines_service;
ALTER DEFAULT PRIVILEGES FOR ROLE fines_migrator IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO fines_service;
ALTER DEFAULT PRIVILEGES FOR ROLE fines_migrator IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO fines_service;
