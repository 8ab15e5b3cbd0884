"""Reading markup leniently keeps these promises.

- Well-formed documents are read as any reader does; what is written is read again as it was.
- Sloppy ones are read as the reference server reads them, and what it refuses is refused.
- Whatever the text, the reader returns or refuses: never another error.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.lenient_xml import TAGS_MAX, MalformedMarkup, Tag, parse, write

READ = {
    "<a x=\"1\" y='2'><b/><c>t</c></a>": Tag(
        "a", {"x": "1", "y": "2"}, "", [Tag("b"), Tag("c", {}, "t")]
    ),
    "<a x=1 y></a>": Tag("a", {"x": "1", "y": "NULL"}),
    "noise <a/> more": Tag("a"),
    "<a><b>t</a>": Tag("a", {}, "", [Tag("b", {}, "t")]),
    "<a></b><c/></a>": Tag("a", {}, "", [Tag("c")]),
    "<!-- <x/> --><a/>": Tag("a"),
    # Without blank space behind it, the start of a comment is a tag like any other.
    "<!--x--><a/>": Tag("!--x--", {}, "", [Tag("a")]),
    # A declaration is one, too, so that what follows lies within it.
    "<?xml version='1.0'?><a/>": Tag("?xml", {"version": "1.0", "?": "NULL"}, "", [Tag("a")]),
    "<a href=x=y/>": Tag("a", {"href": "y/"}),
    "<a t='&lt;&#65;&#x42;&quot;&nope;&a&amp;'/>": Tag("a", {"t": '<AB"&nope;&a&amp;'}),
    "< / a><b/>": Tag("b"),
    "text": None,
    "": None,
}


@pytest.mark.parametrize(("text", "tag"), READ.items(), ids=repr)
def test_documents_are_read_as_the_reference_server_reads_them(text, tag):
    if text == "<a href=x=y/>":
        text += "<b/>"
        tag.tags.append(Tag("b"))
    assert parse(text) == tag


@pytest.mark.parametrize(
    "text", ["<a", "<a x", "<a x='", "<a x=", "<a>", "<!-- ", "<a/>" * TAGS_MAX + "<b/>"]
)
def test_what_is_broken_off_or_endless_is_refused(text):
    with pytest.raises(MalformedMarkup):
        parse(text)


texts = st.text("ab<>&\"' é", max_size=8).map(str.strip)
tags = st.recursive(
    st.builds(Tag, st.just("x"), st.dictionaries(st.sampled_from("abc"), texts), texts),
    lambda inner: st.builds(
        Tag,
        st.just("y"),
        st.dictionaries(st.sampled_from("abc"), texts),
        st.just(""),
        st.lists(inner),
    ),
    max_leaves=8,
)


def rename(tag, name="t"):
    """Give each tag a name of its own: one that closes itself would take the place of one that is open."""
    tag.name = name
    for number, each in enumerate(tag.tags):
        rename(each, f"{name}.{number}")


@given(tags)
def test_what_is_written_is_read_again(tag):
    rename(tag)
    assert parse(write(tag)) == tag


@given(st.text("<>/='\"!-? ab\n&;"))
def test_whatever_the_text_it_is_read_or_refused(text):
    try:
        parse(text)
    except MalformedMarkup:
        return
