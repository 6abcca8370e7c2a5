"""Tables as people keep them."""

import pytest

from hierlab.errors import FormatError
from hierlab.utils.text_table import decode_text, read_table, sniff_delimiter


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_every_delimiter_reads_alike(mark: str) -> None:
    text = "ID, Class Name\n# a comment\n1, ice cream\n\n 2 ,tabby \n".replace(",", mark)
    table = read_table(text, known=("id", "class_name"))
    assert table.has_header
    assert table.columns == ("ID", "Class Name")
    assert table.rows == (("1", "ice cream"), ("2", "tabby"))
    assert table.lines == (3, 5)
    assert table.find(("name", "class-name")) == 1
    assert table.delimiter == mark


def test_commas_inside_quotes_or_semicolons_are_text() -> None:
    assert read_table('a,"b, c"\nd,e\n').rows == (("a", "b, c"), ("d", "e"))
    assert sniff_delimiter("1;tench, Tinca tinca\n2;goldfish\n") == ";"
    assert sniff_delimiter("tench\ngoldfish\n") == ""


def test_a_quoted_cell_may_hold_lines() -> None:
    table = read_table('id,name\n1,"two\nlines"\n2,b\n', known=("id",))
    assert table.rows == (("1", "two\nlines"), ("2", "b"))
    assert table.lines == (2, 4)


def test_without_known_names_the_first_row_is_data() -> None:
    assert not read_table("/m/011k07,Tortoise\n/m/011q46kg,Container\n", known=("id",)).has_header


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("é".encode(), "utf-8"),
        ("é".encode("utf-8-sig"), "utf-8"),
        ("é".encode("utf-16"), "utf-16"),
        ("é".encode("latin-1"), "cp1252"),
    ],
)
def test_encodings(content: bytes, encoding: str) -> None:
    assert decode_text(content) == ("é", encoding)


def test_pictures_are_no_text() -> None:
    with pytest.raises(FormatError, match="zero bytes"):
        decode_text(b"\x89PNG\0\0")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least one row"),
        ("a,b\nc,d\ne\n", "line 3 has 1 cells where the first has 2"),
        ("id,ID\n1,2\n", "two columns are called 'id'"),
        ('a,b\n"c,d\n', "line 2"),
    ],
)
def test_what_is_no_table(text: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read_table(text, known=("id",), delimiter=",")
