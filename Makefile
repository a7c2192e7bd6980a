# The commands of this repository; what they do stands in scripts/.

.DEFAULT_GOAL := help
.PHONY: help run build test check dev dist bench bench-gateway pentest fuzz sqlx clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: build ## build and start on http://127.0.0.1:3000, with a database of its own
	target/release/tenantry serve --addr 127.0.0.1:3000

build: ## target/release/tenantry, with the site inside; installs what is missing
	scripts/setup build
	scripts/build

test: ## every test, end-to-end ones included; installs what is missing
	scripts/setup test
	scripts/build
	scripts/test

check: ## format, lints, arrows between crates, data of the checked queries
	scripts/setup check
	scripts/check

dev: ## rebuild and reload on each change
	scripts/setup dev
	scripts/dev

dist: build ## a tarball in dist/
	scripts/dist

bench: build ## measure what access costs, and pages beside a bare route
	scripts/bench

bench-gateway: build ## measure what the gateway adds, beside a bare proxy
	scripts/bench-gateway

pentest: build ## attack a server of its own: injections, attempts at more than one's role, sqlmap
	scripts/setup test
	scripts/pentest

fuzz: ## look for inputs that break what reads input, a minute for each
	scripts/setup fuzz
	scripts/fuzz

sqlx: ## write .sqlx anew, after changing a query or a migration
	scripts/setup build
	scripts/sqlx prepare

clean: ## remove what was built; tools stay
	cargo clean
	rm -rf target dist end2end/results end2end/report
