//go:build programs

// Package programs names what is built of authenticator.
package programs

import (
	_ "sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator"
)
