//go:build programs

// Package programs names what is built of coredns.
package programs

import (
	_ "github.com/coredns/coredns"
)
