//go:build programs

// Package programs names what is built of etcd.
package programs

import (
	_ "go.etcd.io/etcd/server/v3"
)
