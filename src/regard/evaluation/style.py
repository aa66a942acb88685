"""The look of a page: one style sheet, light, one accent colour, fonts that every device has."""

from __future__ import annotations

__all__ = ["CSS"]

CSS = """
:root { --ink: #1f2933; --soft: #5b6673; --line: #e3e7ec; --accent: #2456c7; --wash: #f2f5fb; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink); line-height: 1.55;
  font: 16px/1.55 -apple-system, "Segoe UI", Roboto, Helvetica, Arial, "Liberation Sans", sans-serif; }
header, main { max-width: 1040px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 44px; }
main { padding-bottom: 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em;
  overflow-wrap: anywhere; }
h2 { font-size: 1.28rem; margin: 48px 0 10px; padding-top: 20px; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 0 0 2px; }
p { max-width: 46em; margin: 10px 0; overflow-wrap: anywhere; }
.subtitle, .about { color: var(--soft); margin: 0 0 8px; }
.callout { margin: 20px 0; padding: 14px 18px; max-width: none; background: var(--wash);
  border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; font-size: 1.06rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 1px;
  margin: 20px 0; border: 1px solid var(--line); border-radius: 8px;
  overflow: hidden; }
.facts div { box-shadow: 0 0 0 1px var(--line); padding: 12px 16px;
  display: flex; flex-direction: column-reverse; }
.facts dt { color: var(--soft); font-size: .86rem; }
.facts dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 18px 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: 8px; }
th, td { text-align: left; padding: 8px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child { padding-left: 10px; }
thead th { color: var(--soft); font-weight: 600;
  border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 9em; }
.number { text-align: right; white-space: nowrap; min-width: 0; }
thead .number { white-space: normal; }
.highlight { background: var(--wash); color: var(--accent); }
.highlight th { font-weight: 700; }
.figures { display: grid; gap: 28px 32px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
  margin: 22px 0; align-items: start; }
figure { margin: 0; min-width: 0; }
.plot svg { display: block; width: 100%; max-width: 620px; height: auto; }
figcaption { color: var(--soft); font-size: .9rem; margin-top: 6px; }
.user { margin: 26px 0; }
.cards { list-style: none; margin: 10px 0 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; min-width: 0; }
.title { display: flex; gap: 10px; align-items: baseline; }
.title strong { overflow-wrap: anywhere; }
.rank { color: var(--accent); font-weight: 700; font-variant-numeric: tabular-nums; }
.note { color: var(--soft); font-size: .84rem; margin-left: auto; white-space: nowrap; }
.card ul { margin: 6px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: .9rem; }
@media (max-width: 560px) {
  header { padding-top: 26px; }
  header, main { padding-left: 14px; padding-right: 14px; }
  h1 { font-size: 1.5rem; }
  h2 { margin-top: 34px; }
  th, td { padding: 7px 8px; }
}
@media print { .figures, .card, tr { break-inside: avoid; } body { font-size: 12px; } }
"""
