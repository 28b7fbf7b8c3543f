// Generates the SDK of a package for one language, as `pulumi package add` does, by Pulumi's own generators.
//
//	sdk go|nodejs SCHEMA FOLDER
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
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 3 {
		return errors.New("usage: sdk go|nodejs SCHEMA FOLDER")
	}
	language, folder := arguments[0], arguments[2]
	pkg, err := read(arguments[1])
	if err != nil {
		return err
	}
	files, err := generate(language, pkg)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The package, checked against Pulumi's schema of schemas.
func read(path string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	pkg, found, err := schema.BindSpec(spec, alone{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, found
	}
	return pkg, nil
}

func generate(language string, pkg *schema.Package) (map[string][]byte, error) {
	switch language {
	case "go":
		return gogen.GeneratePackage("pulumi", pkg, nil)
	case "nodejs":
		if err := pkg.ImportLanguages(map[string]schema.Language{"nodejs": nodejs.Importer}); err != nil {
			return nil, err
		}
		return nodejs.GeneratePackage("pulumi", pkg, nil, nil, true, alone{})
	}
	return nil, fmt.Errorf("unknown language %q: go or nodejs", language)
}

// A package that refers to no other.
type alone struct{}

var errAlone = errors.New("the package refers to another one")

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
