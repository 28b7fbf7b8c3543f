"""The plugin that `pulumi package add` makes of this folder: the components, for programs in other languages."""

from runctl_component.provider.serve import main

main()
