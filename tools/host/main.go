// Does to the Python environment of a Pulumi project what Pulumi's Python host does, by the host's own code.
//
//	host install ROOT   as `pulumi install` does
//	host list ROOT      prints the packages, as JSON, as the host lists them before each preview
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: host install|list ROOT")
	}
	verb, root := arguments[0], arguments[1]
	environment, err := environmentOf(root)
	if err != nil {
		return err
	}
	switch verb {
	case "install":
		return environment.InstallDependencies(ctx, root, false, true, os.Stderr, os.Stderr)
	case "list":
		if err := environment.ValidateVenv(ctx); err != nil {
			return err
		}
		packages, err := environment.ListPackages(ctx, true)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(packages)
	}
	return fmt.Errorf("unknown verb %q: install or list", verb)
}

// The environment that the project's Pulumi.yaml names, with its toolchain.
func environmentOf(root string) (toolchain.Toolchain, error) {
	project, err := workspace.LoadProject(root + "/Pulumi.yaml")
	if err != nil {
		return nil, err
	}
	options := project.Runtime.Options()
	if options["toolchain"] != "pip" {
		return nil, fmt.Errorf("toolchain %v: only pip is known here", options["toolchain"])
	}
	virtualenv, _ := options["virtualenv"].(string)
	return toolchain.ResolveToolchain(toolchain.PythonOptions{
		Root: root, ProgramDir: root, Virtualenv: virtualenv, Toolchain: toolchain.Pip,
	})
}
