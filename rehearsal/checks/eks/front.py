"""What the world reaches: HTTPS through the load balancer, with the certificate of the domain, and nothing but it."""

from __future__ import annotations

from rehearsal.checks import check
from rehearsal.checks.asg.front import (
    https_verifies_for_the_domain_at_each_address_of_the_load_balancer_and_http_redirects,
    nothing_but_the_two_ports_of_the_web_is_reached_from_outside,
)

check("eks")(https_verifies_for_the_domain_at_each_address_of_the_load_balancer_and_http_redirects)
check("eks")(nothing_but_the_two_ports_of_the_web_is_reached_from_outside)
