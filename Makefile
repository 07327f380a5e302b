# The verbs of this repository; `make help` lists them. They run on a plain Debian with Node 20, npm and make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where Go's own installer puts it, and root's programs, whatever PATH says.
MACHINE_PATH := $(PATH):/usr/local/go/bin:/usr/sbin:/sbin
# Our own Node and tools, from the lockfile, come before the machine's.
export PATH := $(CURDIR)/node_modules/.bin:$(MACHINE_PATH)

NODE_PACKAGE := node-linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
STAMP := node_modules/.setup-stamp
# Network namespaces, redirection, a second opinion on certificates, packet capture, users of meshes without root.
MESH_PACKAGES := curl iproute2 iptables openssl tcpdump uidmap util-linux
BENCH_PACKAGES := haproxy iperf3 libnginx-mod-stream nghttp2-client nginx-light wrk
# Peers of the proxies that real applications have.
INTEROP_PACKAGES := curl haproxy nats-server nginx-light openssl postgresql postgresql-client redis-server redis-tools
# What runs the containers of the lab's Kubernetes; its own programs are built from Go modules.
LAB_PACKAGES := containerd containernetworking-plugins iproute2 iptables nftables runc util-linux
# On CI a suite that this machine can't run is a failure, not a silence.
export REQUIRE_LAB ?= $(if $(CI),1,)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(STAMP) ## npm packages by the lockfile, Debian packages where they are missing (as root)
	@$(call debian_packages,$(MESH_PACKAGES))

# npm itself runs on the machine's Node: ours is among what it replaces. npm 10 drops the link to our Node.
$(STAMP): package.json package-lock.json .npmrc
	PATH='$(MACHINE_PATH)' npm ci --loglevel=error
	ln -sfn ../$(NODE_PACKAGE)/bin/node node_modules/.bin/node
	touch $@

.PHONY: demo
demo: setup ## a mesh on this machine, an application under load, and proof (KEEP=1 keeps it up)
	@node test/demo/main.ts $(if $(KEEP),--keep)

.PHONY: test
test: setup ## every suite that needs no cluster; closes with "N passed, N failed"
	@vitest run

.PHONY: charts
charts: setup ## writes charts/ anew from synth/ (commit what changed)
	node synth/main.ts

.PHONY: images
images: setup ## OCI images of every program in dist/images, without Docker
	@node synth/images/main.ts

.PHONY: lab-up lab-down lab-status
lab-up: lab-setup ## a real one-node Kubernetes on this machine (as root; builds it the first time)
	@node test/lab/main.ts up
lab-down: setup ## ends the lab and removes all of it
	@node test/lab/main.ts down
lab-status: setup ## what runs in the lab
	@node test/lab/main.ts status

.PHONY: lab-setup
lab-setup: setup
	@$(call debian_packages,$(LAB_PACKAGES))

.PHONY: e2e
e2e: lab-setup ## what users are told, on the lab's Kubernetes (ONLY=name for one scenario, KEEP=1 keeps the lab up)
	@KEEP_LAB=$(KEEP) vitest run --config test/e2e/vitest.config.ts $(ONLY)

.PHONY: fuzz
fuzz: setup ## made-up input for every parser, without end (ONLY=names, SEED=n)
	@node test/fuzz/main.ts $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED))

.PHONY: soak
soak: setup ## a mesh under mixed load, disrupted all the time (as root; MINUTES=30)
	@node test/soak/main.ts --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED))

.PHONY: interop
interop: setup ## curl, gRPC, nginx, HAProxy, OpenSSL, Postgres, Redis and NATS through our proxies (as root)
	@$(call debian_packages,$(INTEROP_PACKAGES))
	@vitest run --config test/interop/vitest.config.ts

.PHONY: check
check: gen-check lint typecheck test ## what CI runs

.PHONY: lint lint-syntax lint-imports lint-unused lint-typed
lint: lint-syntax lint-imports lint-unused lint-typed ## format, syntax and typed rules, rules of import, unused files and exports
lint-syntax: setup
	biome ci --colors=off --error-on-warnings .
lint-imports: setup
	depcruise --config .dependency-cruiser.cjs services synth test
lint-unused: setup
	knip --treat-config-hints-as-errors
lint-typed: setup
	eslint .

.PHONY: typecheck
typecheck: setup ## strict TypeScript over everything
	tsc --noEmit

.PHONY: gen
gen: setup ## writes anew what is generated and committed
	services/lib/api/generate.sh
	node esbuild.config.ts --write-lists
	node synth/main.ts

.PHONY: gen-check
gen-check: setup ## fails if what is generated differs from its source
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	services/lib/api/generate.sh "$$fresh"; \
	diff -r "$$fresh/gen" services/lib/api/gen || { echo 'services/lib/api/gen is not what its protos say: run "make gen"' >&2; exit 1; }
	node esbuild.config.ts --check-lists
	node synth/main.ts --check

.PHONY: build
build: setup ## one JavaScript file for each program, in dist/
	node esbuild.config.ts

.PHONY: bench
bench: setup ## our proxies beside nginx's and HAProxy's (as root, about half an hour)
	@$(call debian_packages,$(BENCH_PACKAGES))
	@node test/bench/main.ts

.PHONY: bench-micro
bench-micro: setup ## the cost of single parts of the proxy
	@for file in $(filter-out %/stopwatch.ts,$(wildcard test/bench/micro/*.ts)); do echo "== $$file"; node "$$file"; done

.PHONY: clean
clean: ## removes what is built and cached; npm packages stay
	rm -rf dist .cache

# Installs those of $(1) that are missing. RUNLEVEL keeps the daemons among them from starting by themselves.
define debian_packages
if ! command -v dpkg-query > /dev/null; then echo 'this is no Debian; what Debian calls $(1) has to be there' >&2; exit 0; fi; \
missing=; \
for name in $(1); do dpkg-query -W -f '$${db:Status-Status}' "$$name" 2> /dev/null | grep -qx installed || missing="$$missing $$name"; done; \
if [ -z "$$missing" ]; then :; \
elif [ "$$(id -u)" != 0 ]; then echo "missing Debian packages, which only root can install: apt-get install$$missing" >&2; \
else apt-get update -q; RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; fi
endef
