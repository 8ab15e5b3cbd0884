"""Every error of service and register has an answer of its own; the unknown gives nothing away."""

import logging

import pytest

from idnode.node.service import errors as service_errors
from idnode.node.service.answers import ANSWERS, UNPLANNED, UNPLANNED_TEXT, answer_for, text_for
from idnode.registry import errors as registry_errors
from idnode.registry.handle import errors as data_model_errors
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.errors import MessageTooShort


def every_class_in(module):
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Exception)
    ]


@pytest.mark.parametrize(
    "error",
    every_class_in(service_errors)
    + every_class_in(registry_errors)
    + every_class_in(data_model_errors),
    ids=lambda e: e.__name__,
)
def test_each_error_class_has_its_row(error):
    assert error in ANSWERS


def test_a_leaf_of_the_codec_is_a_protocol_error():
    assert answer_for(MessageTooShort(3)).response_code == ResponseCode.PROTOCOL_ERROR
    assert answer_for(MessageTooShort(3)).http_status == 400


def test_a_subclass_takes_the_row_of_its_nearest_ancestor():
    class Special(registry_errors.HandleExists):
        pass

    assert answer_for(Special()).response_code == ResponseCode.HANDLE_EXISTS


def test_what_nobody_planned_is_an_error_without_details():
    assert answer_for(ZeroDivisionError("secret")) is UNPLANNED
    assert text_for(ZeroDivisionError("secret")) == UNPLANNED_TEXT
    assert text_for(registry_errors.LogDamaged("segment 3")) == UNPLANNED_TEXT
    assert UNPLANNED.log_level == logging.ERROR


def test_plain_outcomes_go_without_a_text_as_on_the_reference_server():
    assert text_for(registry_errors.HandleNotFound("88.900/x")) == ""
    assert text_for(service_errors.InvalidAdministrator("x")) == ""


def test_texts_that_clients_show_are_sent():
    assert text_for(data_model_errors.IndexConflict(3)) == "Index conflict for 3"
    assert text_for(service_errors.NotResponsible()) == "That prefix doesn't live here"


@pytest.mark.parametrize("row", ANSWERS.values())
def test_codes_are_ones_that_deployed_clients_know(row):
    for_all = {2, 3, 4, 5, 6, 100, 101, 102, 200, 201, 202, 301, 302, 303}
    in_dialogues = {400, 401, 402, 403, 404, 405, 500, 501, 502, 503, 504, 505}
    safe = for_all | in_dialogues
    assert row.response_code in safe
