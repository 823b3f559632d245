#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
  DIRECTORY = 256, CONTROL_FD, ATTACH_FD, RUNTIME_FD, HIDE, TERMINAL, STDIN, STDIN_ONCE, RECORD, OOM_COUNTERS, OVERFLOW,
  LOG_PATH, LOG_MAX_BYTES, LOG_MAX_FILES, LOG_ATTRS, LOG_LOCAL_FORMAT, LOG_COMPRESSED, RING_BYTES, STALL_MS,
};

static const struct option known[] = {
  {"directory", required_argument, NULL, DIRECTORY},
  {"control", required_argument, NULL, CONTROL_FD},
  {"attach", required_argument, NULL, ATTACH_FD},
  {"runtime-fd", required_argument, NULL, RUNTIME_FD},
  {"hide", required_argument, NULL, HIDE},
  {"terminal", no_argument, NULL, TERMINAL},
  {"stdin", no_argument, NULL, STDIN},
  {"stdin-once", no_argument, NULL, STDIN_ONCE},
  {"record", required_argument, NULL, RECORD},
  {"oom-counters", required_argument, NULL, OOM_COUNTERS},
  {"overflow", required_argument, NULL, OVERFLOW},
  {"log", required_argument, NULL, LOG_PATH},
  {"log-max-bytes", required_argument, NULL, LOG_MAX_BYTES},
  {"log-max-files", required_argument, NULL, LOG_MAX_FILES},
  {"log-attrs", required_argument, NULL, LOG_ATTRS},
  {"log-local", no_argument, NULL, LOG_LOCAL_FORMAT},
  {"log-compressed", no_argument, NULL, LOG_COMPRESSED},
  {"ring-bytes", required_argument, NULL, RING_BYTES},
  {"stall-ms", required_argument, NULL, STALL_MS},
  {NULL, 0, NULL, 0},
};

static int invalid(struct error *error, const char *what) {
  *error = (struct error){.code = EINVAL, .what = what};
  return -1;
}

// Two hexadecimal digits for each key. Returns whether it is a sequence that can be watched for.
static bool read_keys(struct detach_keys *keys, const char *text) {
  while (keys->length < DETACH_KEYS_MAX && isxdigit(text[0]) && isxdigit(text[1])) {
    const char digits[3] = {text[0], text[1], 0};
    keys->bytes[keys->length++] = (uint8_t)strtoul(digits, NULL, 16);
    text += 2;
  }
  return keys->length > 0 && !*text;
}

static int add_attach(struct options *options, const char *text, struct error *error) {
  const char *colon = strchr(text, ':');
  if (!colon || options->attach_count == ATTACH_OPTIONS_MAX) return invalid(error, "read option --attach");
  struct attach_option *attach = &options->attach[options->attach_count++];
  *attach = (struct attach_option){.fd = atoi(text), .wants = atoi(colon + 1)};
  const char *keys = strchr(colon + 1, ':');
  return keys && !read_keys(&attach->detach, keys + 1) ? invalid(error, "read option --attach") : 0;
}

static int take_option(struct options *options, int code, struct error *error) {
  switch (code) {
    case DIRECTORY: options->directory = optarg; return 0;
    case CONTROL_FD: options->control_fd = atoi(optarg); return 0;
    case ATTACH_FD: return add_attach(options, optarg, error);
    case RUNTIME_FD: options->runtime_fd = atoi(optarg); return 0;
    case HIDE: options->hide = optarg; return 0;
    case TERMINAL: options->terminal = true; return 0;
    case STDIN: options->wants_stdin = true; return 0;
    case STDIN_ONCE: options->stdin_once = true; return 0;
    case RECORD: options->record = optarg; return 0;
    case OOM_COUNTERS: options->oom_counters = optarg; return 0;
    case OVERFLOW: options->ring.directory = optarg; return 0;
    case LOG_PATH: options->log_path = optarg; return 0;
    case LOG_MAX_BYTES: options->log_max_bytes = atoll(optarg); return 0;
    case LOG_MAX_FILES: options->log_max_files = atoi(optarg); return 0;
    case LOG_ATTRS: options->log_attrs = optarg; return 0;
    case LOG_LOCAL_FORMAT: options->log_format = LOG_LOCAL; return 0;
    case LOG_COMPRESSED: options->log_compressed = true; return 0;
    case RING_BYTES: options->ring.bytes = strtoull(optarg, NULL, 10); return 0;
    case STALL_MS: options->stall_ms = atoi(optarg); return 0;
    default: return invalid(error, "read options");
  }
}

int parse_options(int argc, char **argv, struct options *options, struct error *error) {
  *options = (struct options){
    .control_fd = -1,
    .runtime_fd = -1,
    .ring = {.directory = ".", .bytes = 256u << 20},
    .stall_ms = 5000,
    .log_max_files = 1,
  };
  opterr = 0;
  for (int code; (code = getopt_long(argc, argv, "+", known, NULL)) != -1;)
    if (take_option(options, code, error) < 0) return -1;
  options->runtime = argv + optind;
  if (!options->directory || !options->runtime[0] || options->control_fd < 0 || options->ring.bytes == 0)
    return invalid(error, "read options: --directory, --control and a runtime are needed");
  return 0;
}
