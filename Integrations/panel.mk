# The desktop window and the panel for other programs' windows (Integrations/panel/README.md).

P := .build-panel
PANEL := Integrations/panel
PANEL_SOURCES := $(PANEL)/pyproject.toml $(wildcard $(PANEL)/src/nonet_panel/*.py)

panel: all $P/window/ready ## opens the window: commands with and without network, and what they tried
	@.ci/install panel
	NONET=$(CURDIR)/bin/nonet $P/window/bin/nonet-panel

test-panel: all $P/tests/ready ## the window, the panel and the parts for ZenCube, under Xvfb
	@.ci/install panel
	NONET=$(CURDIR)/bin/nonet $P/tests/bin/python -m pytest -q -p no:cacheprovider $(PANEL)

panel-screenshots: all $P/tests/ready ## makes the pictures of the window again, on light and on dark
	@.ci/install panel
	NONET=$(CURDIR)/bin/nonet $P/tests/bin/python $(PANEL)/tests/screenshots.py $(PANEL)/screenshots

# As a user installs it. The tests use the sources as they are.
$P/window/ready: $(PANEL_SOURCES)
	@.ci/install panel
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet ./$(PANEL)
	@$(@D)/bin/pip install --quiet --force-reinstall --no-deps ./$(PANEL)
	@touch $@

$P/tests/ready: $(PANEL)/pyproject.toml
	@.ci/install panel
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet -e './$(PANEL)[test]'
	@touch $@

.PHONY: panel test-panel panel-screenshots
