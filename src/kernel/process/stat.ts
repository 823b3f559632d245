/** What we read of /proc/PID/stat. */
export interface ProcessStat {
  /** One letter: "R" running, "S" sleeping, "Z" ended but not waited for, … */
  readonly state: string;
  /** Clock ticks since boot; with the pid it names a process for good. */
  readonly startTime: number;
}

/**
 * Parses /proc/PID/stat: `12 (a name) S 1 …`. The name may hold blanks and parentheses, so fields are counted from
 * the last ")": state is field 3, start time field 22.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTime: Number(fields[19]) };
}
