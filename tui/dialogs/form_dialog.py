"""Dialogs with a form: that of a new run, that of live parameters, and those with a few fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine import catalog, params
from engine.catalog import Experiment
from engine.errors import DltuiError, ParamError
from engine.experiment_files.description import FileExperiment
from engine.params import Param
from engine.places import data_folder
from engine.protocol import RunSummary
from tui.data import executor_text as executor
from tui.data import own_experiments, run_actions
from tui.data.run_text import given_name, name_of
from tui.data.same_run_name_warning import same_name_warning
from tui.data.value_text import data_line, exact_settings, format_exact
from tui.dialogs.dialog import APP_BINDINGS, DIALOG_CSS, KeyLine, hide_messages, open_tab_below
from tui.keys import all_keys
from tui.terminal.plain_text import plain
from tui.ui.form import VALUE_WIDTH, Form, Typed, field_of
from tui.ui.say_if_slow import say_if_slow
from tui.ui.start_worker import start_worker
from tui.ui.wrap import wrap_text

if TYPE_CHECKING:
    from tui.data.connection import Connection
    from tui.tab.tab import Tab

Answer = TypeVar("Answer")
TEXT_LIMIT = 400
PATH_WIDTH = 60
NARROWEST = 66
SHORT = 30
"""rows of a screen on which margins and the text above a form are left out"""
LEAST_HINT_ROWS, MOST_ERROR_ROWS = 2, 6
"""rows below the form: those kept for the hint, and those that an error may take"""


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What the fields together result in, as text; they can be submitted if `is_ready`."""

    text: str = ""
    is_ready: bool = True


class FormScreen(ModalScreen[Answer]):
    """Stays open until the fields were submitted successfully.

    `outcome` raises ParamError for fields that exclude each other; `act` submits the fields and returns the
    answer of the screen, or raises DltuiError; `on_cancel` receives the texts when the form is cancelled.
    `waiting` is shown while `act` takes long.
    `about` is hidden on a short screen; `fact` is one line that is always shown.
    """

    BINDINGS = all_keys.bindings("form") + APP_BINDINGS
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = None

    def __init__(
        self,
        title: str,
        form: Form,
        act: Callable[[Typed], Awaitable[Answer]],
        *,
        submit_label: str,
        about: Sequence[str] = (),
        fact: str = "",
        outcome: Callable[[Typed], FormOutcome] = lambda typed: FormOutcome(),
        on_cancel: Callable[[Typed], object] = lambda typed: None,
        waiting: Callable[[Typed], str] = lambda typed: "",
        is_wide: bool = True,
    ) -> None:
        super().__init__()
        self._title, self.form, self._act, self._submit_label = title, form, act, submit_label
        self._fact = fact
        self._about, self._outcome_of, self._on_cancel, self._is_wide = about, outcome, on_cancel, is_wide
        self._waiting_text = waiting
        self._submit_error = ""
        self._outcome, self._combination_error = self._evaluated()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide" if self._is_wide else "dialog") as box:
            box.border_title = Content(plain(self._title, limit=100))
            for text in self._about:
                yield Static(plain(text, limit=TEXT_LIMIT), markup=False, classes="claim")
            if self._fact:
                yield Static(plain(self._fact, limit=TEXT_LIMIT), markup=False, classes="fact")
            yield self.form
            yield Static(id="hint", markup=False)
            yield KeyLine(
                (("form.launch", self._submit_label), ("form.cancel", "back"), ("form.next", "next"),
                 ("form.defaults", "defaults"), ("form.help", "keys"))
            )  # fmt: skip

    def on_mount(self) -> None:
        hide_messages(self.app)
        self._update()

    @on(Form.Changed)
    def _check(self) -> None:
        self._submit_error = ""
        self._outcome, self._combination_error = self._evaluated()
        self._update()

    def _evaluated(self) -> tuple[FormOutcome, str]:
        """The outcome of the fields, and the error of their combination."""
        if self.form.applicable_errors:
            return FormOutcome(is_ready=False), ""
        try:
            return self._outcome_of(self.form.typed()), ""
        except ParamError as error:
            return FormOutcome(is_ready=False), str(error)

    @on(Form.Moved)
    def _update(self) -> None:
        """Show the errors, else the outcome and the help of the field under the cursor."""
        invalid = list(self.form.applicable_errors)
        self.query_one(KeyLine).show_error(_invalid_fields(invalid) if invalid else "")
        error = self._submit_error or self._combination_error
        field = self.form.field
        help_text = _field_help(field.param, long=len(self.form.fields) > 1) if field is not None else ""
        hint = self.query_one("#hint", Static)
        shown = "\n".join(filter(None, (self._outcome.text, help_text)))
        hint.update(plain(error, limit=TEXT_LIMIT) if error else shown)
        hint.set_class(bool(error), "-wrong")
        has_error = bool(error) or not self._outcome.is_ready
        self.query_one(".dialog").set_class(has_error, "-has-error")
        most = MOST_ERROR_ROWS if has_error else LEAST_HINT_ROWS + (self.app.size.height >= SHORT)
        rows = sum(len(wrap_text(line, self._width, "text")) for line in (error or shown).splitlines())
        self._give_room(max(LEAST_HINT_ROWS, min(rows, most)))

    def on_resize(self) -> None:
        self._update()

    @property
    def _width(self) -> int:
        """Width of the hint; before the first layout that of the narrowest form."""
        return self.query_one("#hint").size.width or NARROWEST

    def _give_room(self, hint_rows: int) -> None:
        """Let the form be as high as the rest of the dialog, with so many rows of hints, leaves room for."""
        is_short = self.app.size.height < SHORT
        about = (
            0 if is_short else sum(min(2, len(wrap_text(one, self._width, "text"))) for one in self._about)
        )
        around = 3 + (0 if is_short else 2) + about + bool(self._fact)  # border, keys, margins
        self.form.styles.max_height = max(1, self.app.size.height * 96 // 100 - around - hint_rows)

    def on_input_submitted(self) -> None:
        self.action_launch()

    def action_launch(self) -> None:
        """Submit, or move to the first invalid field."""
        if self.form.applicable_errors:
            self.form.go_to(next(iter(self.form.applicable_errors)))
        elif self._outcome.is_ready:
            start_worker(self, self._submit, group="form", exclusive=True)

    async def _submit(self) -> None:
        try:
            self.dismiss(await say_if_slow(self._act(self.form.typed()), self._show_waiting))
        except DltuiError as error:
            self._submit_error = str(error)
            self._update()

    def _show_waiting(self) -> None:
        if text := self._waiting_text(self.form.typed()):
            self.query_one("#hint", Static).update(plain(text, limit=TEXT_LIMIT))

    def action_cancel(self) -> None:
        self._on_cancel(self.form.typed())
        self.dismiss(None)

    async def action_open_tab(self, tab: str) -> None:
        """Cancel the form and open a tab."""
        self.action_cancel()
        await open_tab_below(self, tab)

    def action_field(self, by: int) -> None:
        self.form.move(by)

    def action_defaults(self) -> None:
        self.form.restore_defaults()

    def action_help(self) -> None:
        from tui.dialogs.help import HelpScreen
        from tui.keys.user_keymap import Keymap

        self.app.push_screen(HelpScreen("form", Keymap(), "runs"))


def _invalid_fields(names: Sequence[str]) -> str:
    """1 field is wrong: lr"""
    count = f"{len(names)} fields are" if len(names) > 1 else "1 field is"
    return f"{count} wrong: {', '.join(names)}"


def _field_help(param: Param, *, long: bool) -> str:
    """Help, expected values and whether the parameter is live."""
    is_number = param.kind in (int, float)
    expected = param.expected if is_number or (param.choices and long) else ""
    live = "can be changed during training" if param.live else ""
    told = "; ".join(filter(None, (param.help, expected, live)))
    return plain(f"{param.name}: {told}" if told else param.name, limit=TEXT_LIMIT)


def fields_screen(
    title: str,
    fields: Sequence[Param],
    typed: Typed,
    submit_label: str,
    act: Callable[[Typed], Awaitable[str]],
    waiting: Callable[[Typed], str] = lambda typed: "",
) -> FormScreen[str]:
    """A dialog with a few fields. Dismissed with the text that `act` returns; `waiting` is shown before."""
    is_path = len(fields) == 1 and fields[0].kind is str and not fields[0].choices
    width = PATH_WIDTH if is_path else VALUE_WIDTH
    form = Form([field_of(one) for one in fields], typed, value_width=width)
    return FormScreen(title, form, act, submit_label=submit_label, waiting=waiting)


def live_screen(run: RunSummary, found: Sequence[Param]) -> FormScreen[tuple[str, object] | None]:
    """The form for the live parameters of a run.

    Dismissed with name and value of the first parameter that was changed; None where none was.
    """
    before = {param.name: run_actions.current_value(run, param) for param in found}

    async def act(typed: Typed) -> tuple[str, object] | None:
        values = {param.name: params.parse_value(param, typed[param.name]) for param in found}
        return next(((name, value) for name, value in values.items() if value != before[name]), None)

    shown = {param.name: params.format_value(param, before[param.name]) for param in found}
    form = Form([field_of(param) for param in found], shown)
    title = f"set live: {name_of(run)}"
    return FormScreen(title, form, act, submit_label="set", is_wide=False)


MOST_SEED = 2**32 - 1
ABOUT = (
    Param("name", str, "", "name of the run; may be empty"),
    Param(
        "seed", int, 1, "random seed: initial weights, order of the data, dropout", least=0, most=MOST_SEED
    ),
    Param("parent", str, "", "checkpoint of another run to begin with: RUN@STEP or RUN@best; empty: none"),
    Param("device", str, "auto", "device that trains", ("auto", "cpu", "gpu")),
    *executor.FIELDS,
)
"""fields of every run, besides the parameters of its experiment"""
_ABOUT_NAMES = frozenset(param.name for param in ABOUT)


@dataclass(frozen=True, slots=True)
class Launch:
    """A run to submit; `typed` are the texts of the form, used the next time it opens."""

    experiment: str
    params: Mapping[str, object]
    seed: int
    name: str
    device: str
    executor: str = "local"
    typed: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    """folder of data sets; None: that of this process"""
    begin: str = ""
    """the checkpoint to begin with: RUN@STEP or RUN@best"""
    file: FileExperiment | None = None
    """the experiment, where it is a file"""


def open_launch_form(
    tab: Tab,
    experiment: Experiment | str,
    launched: Callable[[RunSummary], str],
    typed: Typed | None = None,
    data: str | None = None,
) -> None:
    """Open the launch form with `typed`, or its last texts, and submit what is confirmed.

    A notification shows what `launched` returns, called with the new run, or the error. `data` is the folder
    of data sets of a run to repeat; None: that of this shell.
    """
    state, connection = tab.context.state, tab.context.connection

    def confirmed(launch: Launch | None) -> None:
        if launch is not None:
            state.last_params[launch.experiment] = dict(launch.typed)
            run_actions.run_and_notify(tab, submit_launch(connection, launch, launched))

    chosen = catalog.find(experiment) if isinstance(experiment, str) else experiment
    texts = state.last_typed(chosen.name) if typed is None else typed
    tab.app.push_screen(launch_screen(chosen, texts, data), confirmed)


async def submit_launch(connection: Connection, launch: Launch, launched: Callable[[RunSummary], str]) -> str:
    """Returns the text of `launched`, called with the new run, and a warning if its name is taken.

    Raises DltuiError, and nothing was started.
    """
    client = connection.client
    run = await client.submit(
        launch.experiment, launch.params, seed=launch.seed, name=launch.name, device=launch.device,
        executor=launch.executor, data=launch.data, begin=launch.begin,
        file=launch.file,
    )  # fmt: skip
    warning = await same_name_warning(client, run) if launch.name else ""
    return f"{launched(run)} {warning}".strip()


def launch_screen(experiment: Experiment, typed: Typed, data: str | None = None) -> FormScreen[Launch]:
    """The launch form. `data` is the folder of data sets of a run to repeat; None: that of this shell."""
    folder = data_folder() if data is None else data
    fields = [field_of(param) for param in (*params.declared(experiment.params), *ABOUT)]

    async def act(given: Typed) -> Launch:
        launch = _launch_of(experiment, given, folder)
        await own_experiments.check(experiment, launch.params)
        return launch

    def outcome(given: Typed) -> FormOutcome:
        params.build(experiment.params, _own(given))
        begin = given["parent"].strip()
        texts = (f"begins with {begin}" if begin else "", _effective_text(experiment, _own(given)))
        return FormOutcome("\n".join(filter(None, texts)))

    def waiting(given: Typed) -> str:
        return own_experiments.checking_text(experiment)

    form = Form(fields, typed, gap="name", applies=_applies)
    return FormScreen(
        experiment.title, form, act, submit_label="launch", about=(experiment.claim,),
        fact=data_line(experiment, folder), outcome=outcome, waiting=waiting,
    )  # fmt: skip


def _applies(name: str, typed: Typed) -> bool:
    """The address applies to a Ray cluster only."""
    return name != "ray_address" or typed["executor"] == "ray"


def _own(typed: Typed) -> dict[str, str]:
    return {name: text for name, text in typed.items() if name not in _ABOUT_NAMES}


def _effective_text(experiment: Experiment, typed: Typed) -> str:
    """The values in effect of fields that a recipe decides."""
    found = catalog.effective(experiment, typed)
    return f"auto: {', '.join(exact_settings(found))}" if found else ""


def _launch_of(experiment: Experiment, typed: Typed, data: str) -> Launch:
    about = {param.name: params.parse_value(param, typed[param.name]) for param in ABOUT}
    values = params.build(experiment.params, _own(typed))
    given = {param.name: getattr(values, param.name) for param in params.declared(experiment.params)}
    kept = {name: text for name, text in typed.items() if name not in ("name", "parent")}
    place = executor.text_of(str(about["executor"]), str(about["ray_address"]))
    return Launch(
        experiment.name,
        given,
        int(about["seed"] or 0),
        str(about["name"]),
        str(about["device"]),
        place,
        kept,
        data,
        str(about["parent"]),
        experiment.file,
    )


def typed_of(run: RunSummary) -> dict[str, str]:
    """The texts of the form that repeat a run."""
    texts = {name: format_exact(name, value) for name, value in run.spec.params.items()}
    texts |= {"name": given_name(run), "seed": str(run.spec.seed), "device": run.spec.device}
    texts["parent"] = run.spec.parent.whole if run.spec.parent else ""
    return texts | executor.typed_of(run.spec.executor)
