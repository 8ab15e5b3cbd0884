"""What a report says of a recursive node's cache: the counts since the test began, and their ratio."""

from idnode.loadtests.cache import CacheAnswers, as_lines


def test_what_was_there_before_does_not_count():
    assert CacheAnswers(9, 4, 1, 0).since(CacheAnswers(3, 2, 0, 0)) == CacheAnswers(6, 2, 1, 0)


def test_the_ratio_is_of_all_questions():
    answers = CacheAnswers(6, 2, 1, 1)
    assert answers.as_data() == {
        "hit": 6,
        "miss": 2,
        "stale": 1,
        "failed": 1,
        "hit_ratio": 0.6,
    }
    assert list(as_lines(answers)) == [
        "cache: 60.0% of 10 questions were hits (hit 6, miss 2, stale 1, failed 1)"
    ]


def test_without_questions_there_is_a_ratio_and_without_a_recursive_node_no_line():
    assert CacheAnswers(0, 0, 0, 0).hit_ratio == 0
    assert list(as_lines(None)) == []
