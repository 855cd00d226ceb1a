"""What the kernel knows about a process and its children: CPU time and memory, read from /proc."""
import glob
import os
import re

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    pids = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path) as children:
                for child in children.read().split():
                    pids += family(int(child))
        except OSError:
            pass  # The thread ended meanwhile.
    return pids


def cpu_seconds(pid: int) -> float:
    """User and system time that the family has spent so far."""
    ticks = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / TICKS_PER_SECOND


def pin(pid: int, processor: int) -> None:
    """Has all threads of the process run on one processor, and no other."""
    for path in glob.glob(f"/proc/{pid}/task/*"):
        os.sched_setaffinity(int(os.path.basename(path)), [processor])


def leave_to_others(pid: int) -> None:
    """Has the process run only when nobody else wants the processor."""
    for path in glob.glob(f"/proc/{pid}/task/*"):
        os.sched_setscheduler(int(os.path.basename(path)), os.SCHED_IDLE, os.sched_param(0))


def resident_bytes(pid: int) -> int:
    """Memory that the family holds now (VmRSS)."""
    return _status_bytes(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """The most memory that the family held since `reset_peak` (VmHWM)."""
    return _status_bytes(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Lets VmHWM start again from what is resident now."""
    for member in family(pid):
        with open(f"/proc/{member}/clear_refs", "w") as control:
            control.write("5")


def _status_bytes(pid: int, field: str) -> int:
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/status") as status:
                found = re.search(rf"{field}:\s+(\d+) kB", status.read())
            total += int(found.group(1)) * 1024 if found else 0
        except OSError:
            pass
    return total
