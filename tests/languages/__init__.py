"""One component from every Pulumi language: the class, and the plugin from Python, TypeScript, Go and YAML."""
