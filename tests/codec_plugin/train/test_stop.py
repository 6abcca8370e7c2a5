"""Signals end a run between two steps."""

import os
import signal

import pytest

from codec_plugin.train.stop import Stop, StopSignals


def finished(number: signal.Signals, times: int, done: list[str]) -> None:
    """Hold a piece of work in which signals come."""
    with StopSignals(at_once=True) as stop, stop.held():
        for _ in range(times):
            os.kill(os.getpid(), number)
        done.append("all of it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_is_finished_first(number: signal.Signals) -> None:
    done: list[str] = []
    with pytest.raises(Stop):
        finished(number, 1, done)
    assert done == ["all of it"]


def test_a_second_one_ends_everything() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        finished(signal.SIGTERM, 2, done)
    assert done == []


def test_outside_it_stops_at_once() -> None:
    with StopSignals(at_once=True), pytest.raises(Stop):
        os.kill(os.getpid(), signal.SIGTERM)


def test_several_processes_only_ask() -> None:
    with StopSignals(at_once=False) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with stop.held():
            pass
        assert stop.asked


def test_afterwards_signals_are_what_they_were() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals(at_once=True):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
