// Generates a package's SDK of its schema: elastx-mrs-sdkgen <nodejs|python|go> <schema.json> <folder>
//
// It stands for `pulumi package gen-sdk` and `pulumi package add` where the language hosts are too old to generate: the
// last ones that the Go module proxy has are of April 2023. It calls the packages that current language hosts call, and
// lays the files out as they do for a package that is added to a program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blang/semver"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: elastx-mrs-sdkgen <nodejs|python|go> <schema.json> <folder>")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "elastx-mrs-sdkgen:", err)
		os.Exit(1)
	}
}

func generate(language, path, folder string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, alone{}, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	var files map[string][]byte
	switch language {
	case "nodejs":
		files, err = nodejs.GeneratePackage("elastx-mrs", pkg, nil, nil, true, alone{})
	case "python":
		files, err = python.GeneratePackage("elastx-mrs", pkg, nil, alone{})
	case "go":
		files, err = gogen.GeneratePackage("elastx-mrs", pkg, nil)
	default:
		return fmt.Errorf("%s: there are nodejs, python and go", language)
	}
	if err != nil {
		return err
	}
	for name, content := range files {
		target := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// alone loads no other package: the schema refers to none.
type alone struct{}

var errAlone = errors.New("the schema refers to another package")

func (alone) LoadPackage(string, *semver.Version) (*schema.Package, error) { return nil, errAlone }

func (alone) LoadPackageV2(context.Context, *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, errAlone
}

func (alone) LoadPackageReference(string, *semver.Version) (schema.PackageReference, error) {
	return nil, errAlone
}

func (alone) LoadPackageReferenceV2(context.Context, *schema.PackageDescriptor) (schema.PackageReference, error) {
	return nil, errAlone
}
