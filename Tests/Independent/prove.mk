# What people check who trust none of our code: solvers, and a reader of policies and bytes of its own.

INDEPENDENT := NONET=$(CURDIR)/bin/nonet python3 -m pytest -q -p no:cacheprovider Tests/Independent

prove: deps all ## every filter before z3, cvc5 and a checker that shares nothing with us
	NONET_PROVE=all $(INDEPENDENT)

# A part of it belongs to `make test`.
prove-some: all
	@$(INDEPENDENT)

test: prove-some
.PHONY: prove prove-some
