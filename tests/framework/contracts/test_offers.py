"""Offers: what makers are told, and how they say that something cannot be."""

from pointsman.contracts import Misfit, Offer, Settings, Surroundings


def test_a_maker_is_told_of_the_place_where_its_product_will_be() -> None:
    offer = Offer(Settings, lambda settings, surroundings: surroundings.pool, "says its pool")
    assert offer.make(offer.settings(), Surroundings(pool="web")) == "web"
    assert Surroundings() == Surroundings(sections={"beside": "the point"})


def test_a_misfit_knows_the_key_and_the_way_out() -> None:
    misfit = Misfit("no headers in tcp mode", "use source_ip", ("options", 0))
    assert isinstance(misfit, ValueError)
    assert (str(misfit), misfit.hint, misfit.at) == (
        "no headers in tcp mode",
        "use source_ip",
        ("options", 0),
    )
    assert Misfit("so").at == ()
