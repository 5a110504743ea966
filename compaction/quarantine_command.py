"""The command for what was refused: list it by rule, show a message, publish again what is good by now."""

from argparse import Namespace
from dataclasses import asdict

from compaction.command_line import EXIT_FAILED
from compaction.outcome import Outcome
from compaction.quarantine import in_words, list_quarantined, show_quarantined
from compaction.replay import ReplayChoice, replay
from lakehouse.lake import Lake


def quarantine(lake: Lake, options: Namespace) -> Outcome:
    if options.action == "replay":
        return _replay(lake, options)
    if options.action == "show":
        return _show(lake, options)
    rules = list_quarantined(lake)
    lines = tuple(
        f"{rule['n_messages']} of {rule['topic']} broke {rule['rule']}"
        + (f" in {rule['field']}" if rule["field"] else "")
        + f", the newest: {rule['newest']}"
        for rule in rules
    )
    return Outcome({"rules": rules}, lines or ("nothing is quarantined",))


def _show(lake: Lake, options: Namespace) -> Outcome:
    messages = [
        show_quarantined(lake, topic_id=topic_id, partition=partition, offset=offset)
        for topic_id, partition, offset in options.places
    ]
    found = [message for message in messages if message is not None]
    if not found or len(found) < len(messages):
        return Outcome({"messages": found}, ("that message is not quarantined",), EXIT_FAILED)
    return Outcome({"messages": found}, tuple(line for message in found for line in in_words(message)))


def _replay(lake: Lake, options: Namespace) -> Outcome:
    choice = ReplayChoice(places=tuple(options.places), rule=options.rule)
    report = replay(lake, choice, kafka=options.kafka, dry_run=not options.yes)
    said = "published" if options.yes else "would publish"
    lines = [f"{said} {n} messages to {topic} again" for topic, n in sorted(report.by_topic.items())]
    lines.append(
        f"{report.n_rejected} are still rejected, {report.n_in_gold} are in gold already, {report.n_left} are left"
    )
    if not options.yes and report.by_topic:
        lines.append("nothing was published; add --yes to do it")
    document = {"replay": asdict(report), "dry_run": not options.yes}
    return Outcome(document, tuple(lines))
