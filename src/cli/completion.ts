/** Shell completion: small scripts that ask `wharf __complete` for what could come next. */
import type { CommandEntry } from "./commands/all.ts";
import type { FlagSpecs } from "./flags.ts";

/** "ps" and "List containers"; shells that show no descriptions leave the second out. */
export interface Candidate {
  readonly word: string;
  readonly text: string;
}

/** Each line of the answer is a word, a tab and a description. */
export const COMPLETION_SCRIPTS = {
  // mapfile, not compgen: that would expand names as if they were typed
  bash: `_wharf() {
  mapfile -t COMPREPLY < <(wharf __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)
}
complete -o default -F _wharf wharf
`,
  zsh: `#compdef wharf
_wharf() {
  local -a candidates
  candidates=("\${(@f)$(wharf __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null | sed 's/:/\\\\:/g; s/\\t/:/')}")
  _describe 'wharf' candidates || _files
}
compdef _wharf wharf
`,
  fish: `complete -c wharf -a '(set -l words (commandline -opc) (commandline -ct); wharf __complete -- $words[2..] 2>/dev/null)'
`,
} as const;

export interface CommandTable {
  readonly entries: readonly CommandEntry[];
  /** Name to sentence. */
  readonly groups: Readonly<Record<string, string>>;
  /** Only the commands of this group. */
  readonly group?: string;
}

/** Commands and groups that begin with what is typed; in a group its commands. */
export function commandCandidates({ entries, groups, group }: CommandTable, typed: string): Candidate[] {
  const names = entries
    .filter((entry) => !entry.isHidden)
    .flatMap((entry) => entry.names.map((name) => ({ name, text: entry.short })));
  const words = group
    ? names
        .filter(({ name }) => name.startsWith(`${group} `))
        .map(({ name, text }) => ({ word: name.slice(group.length + 1), text }))
    : [
        ...names.filter(({ name }) => !name.includes(" ")).map(({ name, text }) => ({ word: name, text })),
        ...groupCandidates(groups),
      ];
  return words.filter(({ word }) => word.startsWith(typed)).sort((a, b) => (a.word < b.word ? -1 : 1));
}

function groupCandidates(groups: Readonly<Record<string, string>>): Candidate[] {
  return Object.entries(groups).map(([word, text]) => ({ word, text }));
}

/** The long flags that begin with what is typed. */
export function flagCandidates(flags: FlagSpecs, typed: string): Candidate[] {
  return Object.entries(flags)
    .filter(([name, spec]) => !spec.hidden && !spec.deprecated && `--${name}`.startsWith(typed))
    .map(([name, spec]) => ({ word: `--${name}`, text: spec.text.split("\n")[0]! }))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
}
