"""What time it is, if the system's clock can't be believed."""

import pytest

from asyncchat.system.clock import HOLD, LEAP, Clock, Evidence, read_boot, read_elapsed, read_wall

Log = pytest.LogCaptureFixture

DAY = 86_400_000
YEARS = 50 * 365 * DAY
START = 1_763_847_600_000
TOLERANCE = 3 * DAY


class System:
    """A system whose clocks go on when the test says so; `wrong`: by how much the one for the wall is wrong."""

    def __init__(self, passed: int = 1_000_000, boot: str = "one") -> None:
        self.passed = passed
        self.true = START
        self.wrong = 0
        self.boot = boot

    def clock(self, known: Evidence | None = None, tolerance: int | None = TOLERANCE) -> Clock:
        return Clock(
            known, tolerance, wall=lambda: self.true + self.wrong, elapsed=lambda: self.passed, boot=lambda: self.boot
        )

    def goes_on(self, milliseconds: int, clock: Clock | None = None) -> None:
        """Let time pass, in which the clock is looked at again and again."""
        while milliseconds > 0:
            step = min(milliseconds, 1000)
            self.true, self.passed, milliseconds = self.true + step, self.passed + step, milliseconds - step
            if clock:
                clock.look()

    def is_off(self, milliseconds: int) -> None:
        """Let it be switched off, for so long."""
        self.true += milliseconds
        self.passed, self.boot = 5000, self.boot + "+"


@pytest.fixture
def system() -> System:
    return System()


def test_it_tells_the_time_of_the_system(system: System) -> None:
    clock = system.clock()
    system.goes_on(5 * DAY // 1000)
    assert clock.now() == clock.trusted() == clock.moment() == system.true


@pytest.mark.parametrize("by", [-LEAP, LEAP])
def test_a_clock_that_is_set_a_little_is_followed_at_once(system: System, by: int) -> None:
    clock = system.clock()
    system.wrong = by
    system.goes_on(1000, clock)
    assert clock.now() == clock.trusted() == system.true + by


@pytest.mark.parametrize("by", [-YEARS, YEARS, 2 * DAY])
def test_a_reading_that_is_wrong_for_a_moment_is_not_believed_at_all(system: System, by: int) -> None:
    clock = system.clock()
    system.wrong = by
    system.goes_on(2500, clock)
    assert clock.now() == clock.trusted() == system.true
    system.wrong = 0
    system.goes_on(1000, clock)
    assert clock.now() == clock.trusted() == system.true


@pytest.mark.parametrize("by", [-YEARS, YEARS])
def test_a_clock_that_stays_wrong_is_shown_and_not_trusted(system: System, by: int, caplog: Log) -> None:
    clock = system.clock()
    system.wrong = by
    system.goes_on(HOLD + 2000, clock)
    assert clock.now() == system.true + by
    assert clock.trusted() == system.true
    (warning,) = caplog.messages
    assert "start the server once with --trust-clock" in warning
    system.wrong = 0
    system.goes_on(HOLD + 2000, clock)
    assert clock.now() == clock.trusted() == system.true


@pytest.mark.parametrize("by", [-TOLERANCE, TOLERANCE])
def test_a_clock_that_was_set_within_the_tolerance_is_trusted_when_it_has_been_so_for_a_while(
    system: System, by: int, caplog: Log
) -> None:
    clock = system.clock()
    system.wrong = by
    system.goes_on(HOLD + 2000, clock)
    assert clock.now() == clock.trusted() == system.true + by
    assert caplog.messages == []


def test_it_cannot_be_led_on_by_small_steps(system: System) -> None:
    clock = system.clock()
    for _ in range(10):
        system.wrong += TOLERANCE
        system.goes_on(HOLD + 2000, clock)
    assert clock.trusted() == system.true


def test_readings_that_contradict_each_other_are_never_believed(system: System) -> None:
    clock = system.clock()
    for second in range(200):
        system.wrong = YEARS + second * 10 * LEAP
        system.goes_on(1000, clock)
    assert clock.now() == system.true


def test_a_moment_is_never_before_another(system: System) -> None:
    clock = system.clock()
    system.wrong = DAY
    system.goes_on(HOLD + 2000, clock)
    late = clock.moment()
    system.wrong = 0
    system.goes_on(HOLD + 2000, clock)
    assert clock.trusted() < clock.moment() == late


# From one start to the next.


@pytest.mark.parametrize("by", [-YEARS, YEARS, 2 * DAY])
def test_a_start_while_the_clock_is_wrong_goes_by_what_has_elapsed(system: System, by: int) -> None:
    known = system.clock().evidence()
    system.goes_on(DAY // 100)
    system.wrong = by
    clock = system.clock(known)
    assert clock.now() == clock.trusted() == system.true


def test_after_the_system_was_off_for_a_while_its_clock_is_believed(system: System, caplog: Log) -> None:
    known = system.clock().evidence()
    system.is_off(TOLERANCE)
    clock = system.clock(known)
    clock.look()
    assert clock.now() == clock.trusted() == system.true
    assert caplog.messages == []


def test_after_it_was_off_for_long_nothing_is_deleted_for_that(system: System, caplog: Log) -> None:
    known = system.clock().evidence()
    system.is_off(90 * DAY)
    clock = system.clock(known)
    clock.look()
    assert clock.now() == system.true
    assert clock.trusted() == known.time
    system.goes_on(10_000, clock)
    assert clock.trusted() == known.time + 10_000
    assert len(caplog.messages) == 1


def test_a_clock_that_lost_the_time_while_the_system_was_off_is_not_believed_until_it_is_set(system: System) -> None:
    known = system.clock().evidence()
    system.is_off(DAY)
    system.wrong = -YEARS
    clock = system.clock(known)
    clock.look()
    assert clock.now() == clock.trusted() == known.time
    system.wrong = 0
    system.goes_on(HOLD + 2000, clock)
    assert clock.now() == clock.trusted() == system.true


def test_where_a_start_of_the_system_has_no_name_it_may_have_been_off(system: System) -> None:
    system.boot = ""
    known = system.clock().evidence()
    system.goes_on(10_000)
    system.wrong = YEARS
    assert system.clock(known).trusted() == known.time


def test_what_is_known_can_be_kept() -> None:
    assert Evidence.decode(Evidence(5, 6, "a b").encode()) == Evidence(5, 6, "a b")
    assert Evidence.decode("nonsense") is None


def test_the_clocks_of_this_system_go_on() -> None:
    clock = Clock()
    before = read_elapsed()
    assert abs(clock.now() - read_wall()) < LEAP
    assert read_elapsed() >= before
    assert read_boot() == read_boot()
    assert clock.evidence().elapsed >= before
