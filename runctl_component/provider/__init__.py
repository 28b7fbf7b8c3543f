"""The components for programs in other languages: the plugin, its schema, and names as these languages write them."""
