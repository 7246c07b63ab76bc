# What is given to others: wheels, packages, a tarball, and what tells that they are right.
#
#   dist/nonet_VERSION_{amd64,arm64}.deb    made of what `make install DESTDIR=` puts
#   dist/nonet-VERSION-py3-none-*.whl       the binary, the Python module, the pytest plug-in
#   dist/nonet-VERSION-linux-ARCH           the binary alone, as the CI action takes it
#   dist/nonet-VERSION.tar.gz               the sources of the commit
#   dist/nonet-VERSION.spdx.json            what is in the binaries
#   dist/SHA256SUMS
#
# Nothing depends on where and when it is built: times are those of the commit, owners are root.

DIST := dist
K := .build-dist
VERSION := $(shell cat VERSION)
DIST_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DIST_TOOLS := $K/venv/bin
DIST_BINARY_x86_64 := bin/nonet
DIST_BINARY_aarch64 := bin/nonet-aarch64
DEBIAN_x86_64 := amd64
DEBIAN_aarch64 := arm64
# The source package of the C library that is linked in, with its version.
libc = $(shell Integrations/dist/libc $(1) $(LIBC))

dist: dist-x86_64 dist-aarch64 ## everything for others: wheels, .deb, tarball, SBOM, sums, in dist/
	@git archive --format=tar --prefix=nonet-$(VERSION)/ HEAD | gzip -9n > $(DIST)/nonet-$(VERSION).tar.gz
	@Integrations/dist/sbom $(VERSION) $(DIST_EPOCH) "$$(swiftc --version 2>/dev/null | \
	  sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')" $(foreach arch,$(ARCHES),\
	  $(arch) $(DIST_BINARY_$(arch)) '$(call libc,$(arch))') > $(DIST)/nonet-$(VERSION).spdx.json
	@cd $(DIST) && rm -f SHA256SUMS && sha256sum -- * > $(K)-sums && mv $(K)-sums SHA256SUMS
	@cat $(DIST)/SHA256SUMS

dist-x86_64: all
dist-aarch64: nonet-aarch64
dist-x86_64 dist-aarch64: dist-%: $(DIST_TOOLS)/hatchling | dist-packages
	@mkdir -p $(DIST)
	@rm -f $(DIST)/nonet*$*.whl $(DIST)/nonet_*_$(DEBIAN_$*).deb
	@install -m 755 $(DIST_BINARY_$*) $(DIST)/nonet-$(VERSION)-linux-$*
	@$(call wheel,$*)
	@$(call deb,$*)

# Hatchling takes the binary by its absolute name; nothing else is taken from this environment.
define wheel
cd Integrations/python && NONET_VERSION=$(VERSION) NONET_MACHINE=$(1) NONET_BINARY=$(CURDIR)/$(DIST_BINARY_$(1)) \
  SOURCE_DATE_EPOCH=$(DIST_EPOCH) $(CURDIR)/$(DIST_TOOLS)/python -m hatchling build -t wheel -d $(CURDIR)/$(DIST)
endef

# The other machine's binary takes the place of this one's; all else is the same for both.
define deb
root=$K/deb-$(1); rm -rf $$root; \
$(MAKE) --no-print-directory -s -o all install DESTDIR=$$root PREFIX=/usr; \
install -m 755 $(DIST_BINARY_$(1)) $$root/usr/bin/nonet; \
Integrations/debian/build $$root $(VERSION) $(DEBIAN_$(1)) $(DIST_EPOCH) '$(call libc,$(1))' \
  $(DIST)/nonet_$(VERSION)_$(DEBIAN_$(1)).deb
endef

$(DIST_TOOLS)/hatchling: Integrations/dist/requirements.txt
	@python3 -m venv $K/venv
	@$(DIST_TOOLS)/pip install --quiet -r $<
	@touch $@

$(DIST_TOOLS)/auditwheel: Tests/Dist/requirements.txt $(DIST_TOOLS)/hatchling
	@$(DIST_TOOLS)/pip install --quiet -r $<
	@touch $@

dist-packages:
	@.ci/install dist

reproducible: dist-packages ## builds all of dist twice in two folders and compares (10 minutes)
	Integrations/dist/reproducible $K/twice

# What is installed and used in a minute; what takes some, which `make test-field` has too: a bootstrapped Debian,
# the oldest and the newest Python, a project of others, the other processor; and all: every interpreter that
# pyenv has, three projects, and everything built twice.
DIST_TESTS := python3 -m pytest -q -p no:cacheprovider Tests/Dist
test-dist: dist-$(HOST) $(DIST_TOOLS)/auditwheel ## installs and uses the wheel, the package, the pytest plug-in and the CI action
	$(DIST_TESTS)

test-dist-short: dist $(DIST_TOOLS)/auditwheel
	NONET_FIELD=1 $(DIST_TESTS) -rP -m field

test-dist-field: dist $(DIST_TOOLS)/auditwheel ## the same in a bootstrapped Debian, under every Python, with projects of others, built twice
	NONET_FIELD=all $(DIST_TESTS) -rP

.PHONY: policy-page dist dist-x86_64 dist-aarch64 dist-packages reproducible test-dist test-dist-short test-dist-field

policy-page: dist-packages ## rewrites nonet-policy.5 from the reference of the policy language
	@Integrations/dist/policy-page < Documentation/policy-language.md > Documentation/nonet-policy.5.new
	@$(call replace,Documentation/nonet-policy.5)
