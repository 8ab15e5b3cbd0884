# Builds the images for both architectures, with the registry's name and the version, and pushes them:
#     REGISTRY=registry.example.org VERSION=0.1.0 docker buildx bake -f deploy/docker-bake.hcl --push

variable "REGISTRY" {
  default = "registry.example.org"
}

variable "VERSION" {
  default = "0.1.0"
}

group "default" {
  targets = ["node", "load"]
}

target "node" {
  context    = "."
  dockerfile = "deploy/Dockerfile"
  target     = "node"
  platforms  = ["linux/amd64", "linux/arm64"]
  tags       = ["${REGISTRY}/idnode:${VERSION}"]
  labels = {
    "org.opencontainers.image.title"   = "idnode"
    "org.opencontainers.image.version" = VERSION
    "org.opencontainers.image.source"  = "https://git.example.org/idnode"
  }
}

target "load" {
  inherits = ["node"]
  target   = "load"
  tags     = ["${REGISTRY}/idnode-load:${VERSION}"]
}
