/* cli/options.h: the command line: the commands and options that there are, and what the user gave, be it there or in
 * the config file (cli/config.h).
 *
 * The two tables are the only place where commands and options are listed: the parser and the help both read them. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <atobarai.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_command {
    CLI_NONE, /* the program's name alone, as in atobarai --help */
    CLI_CHECK,
    CLI_REGISTER,
    CLI_SHIP,
    CLI_CANCEL,
    CLI_STATUS,
    CLI_REREGISTER,
    CLI_CLEAN,
    CLI_DIFF,
    CLI_DROP,
    CLI_HISTORY,
    CLI_ORDERS,
    CLI_EXPLAIN,
    CLI_CONFIG,
    CLI_SANDBOX,
    CLI_COMMANDS,
};

/* Texts with [2] are by enum atobarai_language. */
struct cli_command_entry {
    const char *name;
    const char *arguments[2]; /* as help shows them; "": none */
    const char *summary[2];   /* one sentence */
    const char *notes[2];     /* what help says below the options, in whole lines; "": nothing */
    const char *operation;    /* what it has the service do, in the manual's words; NULL: nothing */
    bool takes_input;         /* exactly one file */
    bool takes_folder;        /* exactly one folder */
    bool takes_two;           /* exactly two files, the old one first */
    bool takes_question;      /* exactly one text, or --list in its place */
    bool takes_id;            /* at most one 受注ID */
    const char *actions;      /* words with a | between, of which it takes exactly one; NULL: none */
    bool needs_output;        /* will not run without --output, but for a --dry-run */
};

extern const struct cli_command_entry cli_commands[CLI_COMMANDS];

/* In the order in which help lists them. The --format of some commands takes other values than that of others, so it is
 * two options. */
enum cli_option {
    CLI_OUTPUT,
    CLI_XLSX,
    CLI_REPORT,
    CLI_REPORT_DETAILS,
    CLI_SCHEMA,
    CLI_ENCODING,
    CLI_OUTPUT_ENCODING,
    CLI_ALL,
    CLI_FORCE,
    CLI_STRICT,
    CLI_ALLOW_REIMPORTED,
    CLI_JOBS,
    CLI_SUMMARY_JSON,
    CLI_ONLY,
    CLI_DRY_RUN,
    CLI_SET_STATUS,
    CLI_SET_SHOP_STATUS,
    CLI_DIALECT,
    CLI_FIT,
    CLI_SHIP_DAYS,
    CLI_API_URL,
    CLI_CA_FILE,
    CLI_CONCURRENCY,
    CLI_RATE,
    CLI_TIMEOUT,
    CLI_RETRIES,
    CLI_RETRY_ON,
    CLI_MAX_ERRORS,
    CLI_LOG,
    CLI_USE_SANDBOX,
    CLI_LEDGER,
    CLI_ONCE,
    CLI_SETTLE,
    CLI_FOLLOW_UP,
    CLI_ON_FINISH,
    CLI_SINCE,
    CLI_CREDIT_STATUS,
    CLI_LIST,
    CLI_FORMAT,
    CLI_LISTING_FORMAT,
    CLI_PORT,
    CLI_PORT_FILE,
    CLI_STATE,
    CLI_FAULT,
    CLI_SEED,
    CLI_DELAY,
    CLI_TLS,
    CLI_AUTHORITY_FILE,
    CLI_CONFIG_FILE,
    CLI_PROFILE,
    CLI_API_KEY,
    CLI_MERCHANT_CODE,
    CLI_LANG,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_HELP,
    CLI_VERSION,
    CLI_OPTIONS,
};

enum cli_kind {
    CLI_FLAG,     /* takes no value */
    CLI_TEXT,     /* anything but nothing */
    CLI_PATH,     /* the name of a file; - is standard input or output */
    CLI_FILE,     /* the name of a file, where standard input or output makes no sense */
    CLI_NUMBER,   /* decimal digits, from least to most */
    CLI_CHOICE,   /* one of the choices */
    CLI_MOMENT,   /* see cli/moment.h; its number is seconds since 1970 */
    CLI_LANGUAGE, /* ja, en; its number is an enum atobarai_language */
    CLI_PATTERN,  /* a POSIX extended regular expression */
    CLI_SECRET,   /* no option of the command line, where others could read it */
};

struct cli_option_entry {
    const char *name; /* without the -- */
    char letter;      /* of -o; '\0': none */
    enum cli_kind kind;
    unsigned commands;                    /* that take it, 1 << enum cli_command each; see cli_options_taken() */
    bool in_file;                         /* a config file may set it */
    const char *environment;              /* variable that may hold it; NULL: none */
    const char *value;                    /* name of the value in help; NULL with CLI_FLAG */
    const char *default_text;             /* in force when the option is not given; NULL: none */
    const char *choices;                  /* CLI_CHOICE: words with a | between; its number is the place, from 0.
                                             CLI_FILE: those that are no file's name; NULL: none */
    uint64_t least, most, default_number; /* CLI_NUMBER; the default of CLI_CHOICE, too */
    const char *help[2];
};

extern const struct cli_option_entry cli_options_table[CLI_OPTIONS];

/* The default of --dialect: the API definition that is built in, and no file. */
#define CLI_DIALECT_BUILT_IN "json"

/* Where a value comes from; a later one counts more. */
enum cli_origin {
    CLI_BY_DEFAULT,
    CLI_BY_FILE,    /* before the first section of the config file */
    CLI_BY_PROFILE, /* in the section of the profile */
    CLI_BY_ENVIRONMENT,
    CLI_BY_COMMAND_LINE,
};

struct cli_value {
    bool given; /* a flag of the file that says no is not given, whatever its origin */
    const char *text;
    uint64_t number;
    enum cli_origin origin;
    unsigned line; /* of the config file, from 1 */
};

/* What the user gave. Texts are borrowed: from argv, and from the config (cli/config.h). */
struct cli_options {
    enum cli_command command;
    enum atobarai_language language;
    const char *input;       /* the file, or the folder; NULL: the command takes none, or help or the version is asked
                                for */
    const char *input_after; /* the second file of a command that takes two; likewise */
    const char *question;    /* likewise, and with --list; the 受注ID where the command takes one */
    size_t action;           /* the place of the word among the command's actions */
    const char *config;      /* the config file that was read; NULL: none */
    const char *profile;     /* its section that is in force; NULL: none */
    struct cli_value values[CLI_OPTIONS];
};

/* Why a command line is refused: a USAGE_…, OUTPUT_MISSING or EXPLAIN_MISSING of the catalogue and its details. */
struct cli_usage {
    const char *code;
    char name[128];     /* {1}; a longer one is cut */
    const char *detail; /* {2}; NULL: none; borrowed from argv */
};

/* Read the command line. Everything is checked that can be without touching a file; the first --help or --version ends
 * the reading. False with `usage` when it is refused; options->language is right even then. */
bool cli_options_parse(int argc, char **argv, struct cli_options *options, struct cli_usage *usage);

/* Whether `command` takes the option. The command config takes all that a file may set, to show what becomes of them.
 */
bool cli_options_taken(enum cli_command command, enum cli_option option);

/* Whether the option, which is no flag, can have this value; its number, where it has one, is left in `number`. */
bool cli_options_accept(const struct cli_option_entry *entry, const char *value, uint64_t *number);

bool cli_options_given(const struct cli_options *options, enum cli_option option);

/* The value, or the default; NULL where there is neither. */
const char *cli_options_text(const struct cli_options *options, enum cli_option option);
uint64_t cli_options_number(const struct cli_options *options, enum cli_option option);

#endif
