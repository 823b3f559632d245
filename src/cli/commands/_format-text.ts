/** Help for the `--format` flag of lists. */
export const FORMAT_TEXT = `How to show each line:
'table':            columns with titles (default)
'table TEMPLATE':   the columns of a Go template, with titles
'json':             one JSON object per line
'TEMPLATE':         a Go template`;

/** Help for the `--format` flag of single objects. */
export const OBJECT_FORMAT_TEXT = `How to show it:
'json':             JSON
'TEMPLATE':         a Go template`;
