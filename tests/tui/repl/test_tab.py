"""The REPL: from the keyboard alone."""

from __future__ import annotations

from functools import partial

import pytest

from engine.places import Places
from engine.session_protocol.language import GenerateRequest
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import transformer, write_run
from tests.tui.repl.bench import Typist, open_repl, tab
from tui.dialogs.choose import ChoiceList
from tui.messages import OpenView
from tui.repl.transcript_entry import TranscriptEntry


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_suggested_words_follow_the_input(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    write_run(places, name="sweet")
    async with open_app(places, FakeEngine(), size) as opened:
        await open_repl(opened, "sweet", "forward", "Prompt the model")
        await Typist(opened).type("i love ")
        await opened.shows("1 cupcakes")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value == "i love cupcakes ")
        await opened.press(*["backspace"] * 9)
        await opened.until(lambda: tab(opened)._suggestion.line == "i love ")
        place = tab(opened)._suggestion.words.index("chocolate") + 1
        await opened.press(str(place))
        await opened.until(lambda: tab(opened).prompt.value == "i love chocolate ")


async def test_enter_generates_word_by_word_and_shows_the_seed(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "Prompt the model")
        typist = Typist(opened)
        await typist.submit("/temperature 0")
        await opened.shows("temperature: 0")
        await typist.submit("/seed 7")
        await typist.submit("i bake chocolate")
        await opened.shows("cupcakes", "(end)", "1 word added", "seed 7", "bits")
        assert session.sent(GenerateRequest)[0].temperature == 0


async def test_each_word_is_scored_and_unknown_ones_are_marked(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).submit("/score i love zebras")
        await opened.shows("rank", "perplexity", "1 unknown word ? not counted")


async def test_orders_blank_both_ways_beam_and_gates(places: Places, session: FakeSession) -> None:
    write_run(places, direction="reversed", name="back", created_at=1e9)
    write_run(places, name="forth")
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "forth")
        typist = Typist(opened)
        await typist.submit("/orders love i cupcakes")
        await opened.shows("i love cupcakes", "as typed", "6 orders, all scored")
        await typist.submit("/blank i ___ cupcakes")
        await opened.shows("left  right", "i love cupcakes", "left: forward model")
        await typist.submit("/both love")
        await opened.shows("added, ")
        await typist.submit("/beam i love")
        await opened.shows("(1)", "cupcakes", "score: log p over a penalty of length")
        await opened.press("escape", "X", "i")
        await typist.submit("/gates i love you")
        await opened.shows("f  forget", "changes most", "(start)")
        entry = tab(opened).conversation.gates
        assert entry is not None and entry.gates is not None
        before = entry.gates[1].unit
        await opened.press("escape", "right_square_bracket")
        await opened.until(lambda: entry.gates is not None and entry.gates[1].unit != before)


async def test_attention_by_head_and_block_and_the_words_behind_blocks(
    places: Places, session: FakeSession
) -> None:
    write_run(places, model=transformer(layers=3), name="former")
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "former")
        typist = Typist(opened)
        await typist.submit("/attention i love you")
        await opened.shows("head 1 of 2, block 1 of 3", "(start)", "entropy", "bits")
        await opened.press("escape", "right_square_bracket", "right_curly_bracket")
        await opened.shows("head 2 of 2, block 2 of 3")
        await opened.press("right_square_bracket", "left_curly_bracket", "left_curly_bracket")
        await opened.shows("head 1 of 2, block 3 of 3")
        await opened.press("X", "i")
        await typist.submit("/attention @h2 @b3 i love you")
        await opened.shows("head 2 of 2, block 3 of 3")
        await typist.submit("/attention @h9 i love you")
        await opened.shows("The model has 2 heads: there is no head 9.")
        await typist.submit("/blocks i love")
        await opened.shows("embedding", "block 3", "norm 3", "%")
        await typist.submit("/gates i love")
        await opened.shows("it has no gates", "/attention")


async def test_a_line_and_settings_of_the_course_are_executed_by_the_run_that_it_names(
    places: Places, session: FakeSession
) -> None:
    write_run(places, model=transformer(layers=3), name="former", created_at=1e9)
    run = write_run(places, name="newer", created_at=2e9)
    former = next(one for one in places.runs.iterdir() if one.name != run)
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        selection = {"run": former.name, "line": "/attention @b2 @h2 i love you"}
        opened.app.post_message(OpenView("repl", "", selection, "learn"))
        await opened.shows("head 2 of 2, block 2 of 3", "former")
        settings = {"settings": {"temperature": 0.5, "topk": 3, "width": 2}}
        opened.app.post_message(OpenView("repl", "", settings, "learn"))
        await opened.shows("temperature 0.5")
        sampling = tab(opened).conversation.sampling
        assert (sampling.temperature, sampling.top_k, sampling.width) == (0.5, 3, 2)
        await Typist(opened).submit("/attention @x i love")
        await opened.shows("@x: expected @h and a head, or @b and a block.")
        await opened.press("escape", "escape")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "learn")


async def test_two_models_are_compared_side_by_side(places: Places, session: FakeSession) -> None:
    write_run(places, name="keras-one", framework="tensorflow", created_at=1e9)
    write_run(places, name="torch-one")
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "torch-one")
        await Typist(opened).submit("/compare i love cupcakes")
        await opened.shows("A torch-one", "B keras-one", "A bits", "B bits", "from the same seed")


async def test_a_model_is_compared_with_the_one_most_like_it_of_the_other_framework(
    places: Places, session: FakeSession
) -> None:
    write_run(places, name="keras-one", framework="tensorflow", created_at=1e9)
    write_run(places, name="back", direction="reversed", framework="tensorflow", created_at=2e9)
    write_run(places, name="older", created_at=3e9)
    write_run(places, name="deep", layers=2, framework="tensorflow", created_at=4e9)
    write_run(places, name="mine", created_at=5e9)
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "mine")
        await Typist(opened).submit("/compare i love cupcakes")
        await opened.shows("A mine", "torch, 1 layer, forward", "B keras-one", "tensorflow, 1 layer, forward")


async def test_a_reversed_model_suggests_the_words_before(places: Places, session: FakeSession) -> None:
    write_run(places, direction="reversed", name="back")
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "back", "reversed", "word before")
        await Typist(opened).type("cupcakes ")
        await opened.shows("word before")
        await opened.until(lambda: tab(opened)._suggestion.line == "cupcakes ")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value.endswith("cupcakes ") and
                           tab(opened).prompt.value != "cupcakes ")  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_suggested_words_have_the_probability_of_being_sampled(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine(), size) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.type("i love chocolate ")
        await opened.shows("1 cupcakes")
        assert "sampled" not in opened.text
        await opened.press(*["backspace"] * 17)
        await typist.submit("/topk 1")
        await typist.type("i love ")
        await opened.shows("▀model ▄sampled", "1 cupcakes", "100%")
        await opened.press(*["backspace"] * 7)
        await typist.type("/score i love ")  # nothing is sampled by it
        await opened.until(lambda: "sampled" not in opened.text)


def _contains(entry: TranscriptEntry, word: str) -> bool:
    return word in entry.text()


@pytest.mark.long
async def test_the_end_of_a_sentence_is_displayed_as_such(places: Places, session: FakeSession) -> None:
    write_run(places, direction="reversed", name="back", created_at=1e9)
    write_run(places, name="forth")
    async with open_app(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "forth")
        typist = Typist(opened)
        for model, name in (("forth", "(end)"), ("back", "(start)")):
            await typist.submit(f"/model {model}")
            for line in ("/score i love cupcakes", "/beam i love cupcakes", "/compare i love cupcakes"):
                await typist.submit(line)
                entry = tab(opened).conversation.entries[-1]
                await opened.until(partial(_contains, entry, name))
        await typist.submit("/temperature 0")
        await typist.submit("i love cupcakes")
        await opened.shows("(start)  i", "the end came first")
        assert not [entry for entry in tab(opened).conversation.entries if "<EOS>" in entry.text()]


async def test_an_unknown_command_is_an_error_of_one_line(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).submit("/scroe x")
        await opened.shows("There is no /scroe. Did you mean /score?")


async def test_escape_leaves_the_prompt_for_the_tabs(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "esc tabs")
        await opened.type("q")
        assert opened.app.is_running and tab(opened).prompt.value == "q"
        await opened.press("escape")
        await opened.until(lambda: not tab(opened).prompt.has_focus)
        await opened.press("1")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "runs")


async def test_without_a_model_a_key_opens_the_form_of_a_run(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        await opened.press("ctrl+n")
        await opened.shows("Language model: LSTM or transformer, forward")


async def test_the_list_of_models_begins_at_the_selected_one(places: Places, session: FakeSession) -> None:
    write_run(places, name="older", created_at=1e9)
    write_run(places, name="newer", created_at=2e9)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "newer")
        await Typist(opened).submit("/model older")
        await opened.shows("older · last step 1,200 · forward")
        await Typist(opened).submit("/model")
        await opened.shows("choose a model")
        assert tab(opened).app.screen.query_one(ChoiceList).cursor == 1
        await opened.press("escape")
        await opened.shows("take word")


async def test_the_transcript_is_exported(places: Places, session: FakeSession) -> None:
    run = write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.submit("/score i love you")
        await opened.shows("log-probability")
        await typist.submit("/export")
        await opened.until(lambda: list(places.root.glob("transcript-*.txt")))
        text = next(iter(places.root.glob("transcript-*.txt"))).read_text()
        assert "/score i love you" in text and "perplexity" in text
        assert f"[{run}, last weights (step 1,200)]" in text
        await typist.submit("i love")
        await opened.shows("added, ")
        assert "; temperature 1, 10 more words, seed " in tab(opened).conversation.entries[-1].text()
        tab(opened).prompt.set_text(f"/export {places.root}/none/here.txt")
        await opened.press("enter")
        await opened.until(lambda: any("There is no folder" in notice for notice in opened.notices))


async def test_an_existing_file_is_not_overwritten(places: Places, session: FakeSession) -> None:
    write_run(places)
    file = places.root / "mine.txt"
    file.write_text("precious")
    async with open_app(places, FakeEngine(), (200, 40)) as opened:
        await open_repl(opened)
        tab(opened).conversation.add("something")
        tab(opened).prompt.set_text(f"/export {file}")
        await opened.press("enter")
        await opened.until(lambda: any("is there already" in notice for notice in opened.notices))
        assert file.read_text() == "precious"


async def test_one_key_opens_the_form_of_a_missing_partner(places: Places, session: FakeSession) -> None:
    write_run(places, name="ahead")
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await open_repl(opened)
        assert tab(opened)._partner() == {}
        typist = Typist(opened)
        await typist.submit("/both i love")
        await opened.shows("No reversed model shares the vocabulary of ahead", "^n : sets it up")
        model = tab(opened).models.chosen
        assert model is not None
        assert tab(opened)._partner() == {
            "framework": "torch", "corpus": "captions", "vocabulary": str(model.vocabulary),
            "tokeniser": "plain", "direction": "reversed",
        }  # fmt: skip
        await typist.submit("/score i love")
        await opened.shows("log-probability")
        assert tab(opened)._partner() == {}
