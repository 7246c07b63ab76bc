# What people check who trust none of our code: solvers, and a reader of policies and bytes of its own.

SOLVERS := .build-solvers
INDEPENDENT := NONET=$(CURDIR)/bin/nonet $(SOLVERS)/bin/python -m pytest -q -p no:cacheprovider Tests/Independent

prove: deps all $(SOLVERS)/ready ## every filter before z3, cvc5 and a checker that shares nothing with us
	NONET_PROVE=all $(INDEPENDENT)

# A part of it belongs to `make test`.
prove-some: deps all $(SOLVERS)/ready
	@$(INDEPENDENT)

# Debian has one of the solvers' modules for its own Python alone, and PyPI has both.
$(SOLVERS)/ready: Tests/Independent/requirements.txt | deps
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet -r $<
	@touch $@

.PHONY: prove prove-some
