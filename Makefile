# The few commands a contributor needs. Everything else is in package.json.
.DEFAULT_GOAL := help
.PHONY: help demo demo-down test test-unit bench bench-replication bench-scenarios lab-binaries crds

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installed once per lock file: the stamp is inside what it describes.
node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

demo: node_modules/.installed ## Protect a shop, lose its region, watch it come back elsewhere (ENGINE=velero: with Velero)
	@npx tsx hack/demo/demo.ts $(ENGINE)

demo-down: node_modules/.installed ## Stop the demo's lab and remove all it left
	@npx tsx hack/lab/cli.ts down

test: node_modules/.installed ## Everything: types, lint, format, generated files, unit and e2e tests
	@npx tsx hack/test/run.ts

test-unit: node_modules/.installed ## The fast part, without any cluster
	@npx vitest run --project unit

bench: node_modules/.installed ## Measure the promises of the README and print them
	@node --expose-gc --import tsx test/bench/failover.ts

bench-replication: node_modules/.installed ## Measure copies and restores beside Velero (ARGS="--large" for 10,000 objects)
	@node --import tsx test/bench/replication.ts $(ARGS)

bench-scenarios: node_modules/.installed ## Measure one operator with 50 scenarios that keep changing (ARGS="--minutes 10")
	@node --import tsx test/bench/scenarios.ts $(ARGS)

lab-binaries: node_modules/.installed ## Build every program of the lab, also Velero, S3 and CSI (first time: about 30 minutes)
	@npx tsx hack/lab/build-binaries.ts

crds: node_modules/.installed ## Regenerate CRDs, chart CRDs and reference docs from the schemas
	@npx tsx hack/generate-crds.ts
	@npx tsx hack/generate-docs.ts
