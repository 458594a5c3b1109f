//go:build programs

// Package programs names what is built of metrics-server.
package programs

import (
	_ "sigs.k8s.io/metrics-server/cmd/metrics-server"
)
