// The Pulumi Kubernetes Operator, for the schema of its Stack alone: build.py copies that file, nothing is compiled, and
// go mod tidy would take the requirement out. The newest that the Go module proxy has; what 2.x adds, tests/gitops says.
module elastx-mrs/toolchain/operator

go 1.25.0

require github.com/pulumi/pulumi-kubernetes-operator v1.16.0
