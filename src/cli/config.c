/* cli/config.c: see config.h. */
#include "cli/config.h"

#include "cli/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 };

static const enum cli_option secrets[] = {CLI_API_KEY, CLI_MERCHANT_CODE};
enum { SECRETS = sizeof secrets / sizeof *secrets };

struct section {
    char *name;    /* owned; NULL: what stands before the first one */
    unsigned line; /* of its heading */
};

struct entry {
    enum cli_option option;
    size_t section; /* index */
    unsigned line;
    char *text;      /* owned; NULL for a flag */
    uint64_t number; /* as cli_options_accept() has it; of a flag, whether it is set */
};

struct cli_config {
    char *path; /* owned; NULL: there is no file */
    struct section *sections;
    size_t section_count;
    struct entry *entries;
    size_t entry_count;
    char *secrets[SECRETS]; /* owned; those in force */
};

/* A file while it is read. */
struct reading {
    struct cli_config *config;
    struct cli_options *options;
    struct cli_config_error *error;
    struct stat file;
};

/* ---- Errors ---- */

static bool fail(struct cli_config_error *error, const char *code, const char *path, const char *arg1, const char *arg2)
{
    error->status = ATOBARAI_CONFIG;
    error->code = code;
    snprintf(error->path, sizeof error->path, "%s", path != NULL ? path : "");
    snprintf(error->args[0], sizeof error->args[0], "%s", arg1 != NULL ? arg1 : "");
    snprintf(error->args[1], sizeof error->args[1], "%s", arg2 != NULL ? arg2 : "");
    return false;
}

static bool fail_memory(struct cli_config_error *error)
{
    return fail(error, "OUT_OF_MEMORY", NULL, NULL, NULL);
}

/* The same, with the line as a part of the path, as compilers name a place. */
static bool fail_at(const struct reading *reading, const char *code, unsigned line, const char *arg1, const char *arg2)
{
    fail(reading->error, code, NULL, arg1, arg2);
    snprintf(reading->error->path, sizeof reading->error->path, "%s:%u", reading->config->path, line);
    return false;
}

/* ---- The file ---- */

/* Where it is by default; NULL where that cannot be told. A relative folder is ignored, as the XDG Base Directory
 * Specification has it. */
static char *default_path(void)
{
    static const struct {
        const char *variable;
        const char *behind;
    } places[] = {{"XDG_CONFIG_HOME", ""}, {"HOME", "/.config"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *folder = getenv(places[i].variable);
        char *path = NULL;
        if (folder != NULL && *folder == '/')
            return asprintf(&path, "%s%s/atobarai/config.ini", folder, places[i].behind) < 0 ? NULL : path;
    }
    return NULL;
}

static bool is_null_device(const struct stat *file)
{
    return S_ISCHR(file->st_mode) && file->st_rdev == makedev(1, 3);
}

/* Whether the file is one that may say where orders and credentials are sent to. */
static bool check_file(const struct reading *reading)
{
    char mode[8];
    if (is_null_device(&reading->file))
        return true;
    if (!S_ISREG(reading->file.st_mode))
        return fail(reading->error, "CONFIG_NO_FILE", reading->config->path, NULL, NULL);
    snprintf(mode, sizeof mode, "%04o", (unsigned)(reading->file.st_mode & 07777));
    if ((reading->file.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(reading->error, "CONFIG_WRITABLE", reading->config->path, mode, NULL);
    return true;
}

/* Whether a secret may stand in the file. */
static bool check_secrecy(const struct reading *reading)
{
    char mode[8];
    if (reading->file.st_uid != geteuid() && reading->file.st_uid != 0)
        return fail(reading->error, "CONFIG_OWNER", reading->config->path, NULL, NULL);
    snprintf(mode, sizeof mode, "%04o", (unsigned)(reading->file.st_mode & 07777));
    if ((reading->file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(reading->error, "CONFIG_EXPOSED", reading->config->path, mode, NULL);
    return true;
}

/* Read all of `fd` into `text`, at most `size` bytes. Their number, or -1 with errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, text + length, size - length);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

/* ---- Values ---- */

static bool is_word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool parse_flag(const char *text, uint64_t *set)
{
    static const char *const yes[] = {"yes", "true", "on", "1"};
    static const char *const no[] = {"no", "false", "off", "0"};
    *set = is_word(text, yes, sizeof yes / sizeof *yes);
    return *set != 0 || is_word(text, no, sizeof no / sizeof *no);
}

/* What the option takes, in words, for a message. */
static void describe(const struct cli_option_entry *entry, enum atobarai_language language, char *text, size_t size)
{
    bool english = language == ATOBARAI_EN;
    const char *words = NULL;
    switch (entry->kind) {
    case CLI_FLAG:
        words = english ? "yes or no" : "yes か no";
        break;
    case CLI_NUMBER:
        snprintf(text, size,
                 english ? "a whole number from %" PRIu64 " to %" PRIu64 : "%" PRIu64 "から%" PRIu64 "の整数",
                 entry->least, entry->most);
        return;
    case CLI_CHOICE:
    case CLI_LANGUAGE:
        words = entry->choices != NULL ? entry->choices : entry->value;
        break;
    case CLI_PATTERN:
        words = english ? "a POSIX extended regular expression" : "正規表現（POSIXの拡張正規表現）";
        break;
    case CLI_PATH:
    case CLI_FILE:
        words = english ? "the name of a file" : "ファイルの名前";
        break;
    default:
        words = english ? "a value that is not empty" : "空でない値";
        break;
    }
    snprintf(text, size, "%s", words);
}

/* What may be repeated of a line that is wrong: a secret may have come to stand where it should not. */
static const char *harmless_name(const char *name)
{
    const size_t longest = 24;
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
    return length <= longest && name[length] == '\0' ? name : "…";
}

/* The public protocol's password has up to eight characters. */
static const char *harmless_value(const char *value)
{
    const size_t longest = 6;
    return strlen(value) <= longest ? value : "…";
}

static bool fail_value(const struct reading *reading, const struct cli_option_entry *entry, const char *name,
                       const char *value, unsigned line)
{
    char wrong[256];
    char wanted[256];
    snprintf(wrong, sizeof wrong, entry->kind == CLI_SECRET ? "%s" : "%s = %s", name, harmless_value(value));
    describe(entry, reading->options->language, wanted, sizeof wanted);
    return fail_at(reading, "CONFIG_VALUE", line, wrong, wanted);
}

/* Whether the value names a file. */
static bool is_path(const struct cli_option_entry *entry, const char *value)
{
    if (entry->kind == CLI_PATH)
        return strcmp(value, "-") != 0;
    for (const char *word = entry->choices; entry->kind == CLI_FILE && word != NULL; word = strchr(word, '|')) {
        word += *word == '|';
        if (strcspn(word, "|") == strlen(value) && strncmp(word, value, strlen(value)) == 0)
            return false;
    }
    return entry->kind == CLI_FILE;
}

/* The user's own folder; NULL when it is not known. A service may run without $HOME. */
static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    if (home != NULL && *home == '/')
        return home;
    const struct passwd *user = getpwuid(geteuid());
    return user != NULL ? user->pw_dir : NULL;
}

/* A copy of `value`; where it names a file, relative to the folder of the config file, or with a leading ~/ to that of
 * the user. NULL when memory ran out. */
static char *copy_value(const struct cli_config *config, const struct cli_option_entry *entry, const char *value)
{
    const char *slash = strrchr(config->path, '/');
    const char *home = strncmp(value, "~/", 2) == 0 ? home_folder() : NULL;
    char *path = NULL;
    if (!is_path(entry, value) || *value == '/')
        return strdup(value);
    if (home != NULL)
        return asprintf(&path, "%s%s", home, value + 1) < 0 ? NULL : path;
    if (slash == NULL)
        return strdup(value);
    return asprintf(&path, "%.*s%s", (int)(slash + 1 - config->path), config->path, value) < 0 ? NULL : path;
}

/* ---- Lines ---- */

/* The option that the key spells, with - or _; one that may stand in a file, if there is. CLI_OPTIONS: none. */
static enum cli_option find_key(const char *key)
{
    enum cli_option found = CLI_OPTIONS;
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        const char *name = cli_options_table[i].name;
        size_t same = 0;
        while (key[same] != '\0' && name[same] == (key[same] == '_' ? '-' : key[same]))
            same++;
        if (key[same] == '\0' && name[same] == '\0' && (found == CLI_OPTIONS || cli_options_table[i].in_file))
            found = (enum cli_option)i;
    }
    return found;
}

static const struct entry *find_entry(const struct cli_config *config, enum cli_option option, size_t section)
{
    for (size_t i = 0; i < config->entry_count; i++)
        if (config->entries[i].option == option && config->entries[i].section == section)
            return &config->entries[i];
    return NULL;
}

static bool on_section(void *context, const char *name, unsigned line)
{
    struct reading *reading = context;
    struct cli_config *config = reading->config;
    char first[16];
    for (size_t i = 1; i < config->section_count; i++) {
        snprintf(first, sizeof first, "%u", config->sections[i].line);
        if (strcmp(config->sections[i].name, name) == 0)
            return fail_at(reading, "CONFIG_SECTION_TWICE", line, name, first);
    }
    struct section *grown = reallocarray(config->sections, config->section_count + 1, sizeof *grown);
    if (grown == NULL)
        return fail_memory(reading->error);
    config->sections = grown;
    char *copy = strdup(name);
    if (copy == NULL)
        return fail_memory(reading->error);
    config->sections[config->section_count++] = (struct section){copy, line};
    return true;
}

/* Whether this key may stand here. */
static bool check_key(const struct reading *reading, enum cli_option option, const char *name, unsigned line)
{
    size_t section = reading->config->section_count - 1;
    const struct entry *before = find_entry(reading->config, option, section);
    char first[16];
    if (option == CLI_OPTIONS)
        return fail_at(reading, "CONFIG_KEY_UNKNOWN", line, harmless_name(name), NULL);
    if (option == CLI_PROFILE && section > 0)
        return fail_at(reading, "CONFIG_PROFILE_MISPLACED", line, name, NULL);
    if (option != CLI_PROFILE && !cli_options_table[option].in_file)
        return fail_at(reading, "CONFIG_KEY_UNFIT", line, name, NULL);
    if (before == NULL)
        return true;
    snprintf(first, sizeof first, "%u", before->line);
    return fail_at(reading, "CONFIG_KEY_TWICE", line, name, first);
}

/* An error further down is told in the language of the file. */
static void heed_language(const struct reading *reading, const struct entry *entry)
{
    if (entry->option == CLI_LANG && entry->section == 0 && !cli_options_given(reading->options, CLI_LANG))
        reading->options->language = (enum atobarai_language)entry->number;
}

static bool on_entry(void *context, const char *name, const char *value, unsigned line)
{
    struct reading *reading = context;
    struct cli_config *config = reading->config;
    enum cli_option option = find_key(name);
    if (!check_key(reading, option, name, line))
        return false;
    const struct cli_option_entry *known = &cli_options_table[option];
    struct entry entry = {.option = option, .section = config->section_count - 1, .line = line};
    if (known->kind == CLI_SECRET && !check_secrecy(reading))
        return false;
    if (known->kind == CLI_FLAG ? !parse_flag(value, &entry.number)
                                : *value == '\0' || !cli_options_accept(known, value, &entry.number))
        return fail_value(reading, known, name, value, line);
    struct entry *grown = reallocarray(config->entries, config->entry_count + 1, sizeof *grown);
    if (grown == NULL)
        return fail_memory(reading->error);
    config->entries = grown;
    if (known->kind != CLI_FLAG) {
        entry.text = copy_value(config, known, value);
        if (entry.text == NULL)
            return fail_memory(reading->error);
    }
    config->entries[config->entry_count++] = entry;
    heed_language(reading, &entry);
    return true;
}

/* ---- Reading ---- */

static bool read_lines(struct reading *reading, const char *text, size_t length)
{
    const struct cli_ini_reader reader = {reading, on_section, on_entry};
    struct cli_ini_error wrong;
    char most[16];
    if (cli_ini_read(text, length, &reader, &wrong))
        return true;
    snprintf(most, sizeof most, "%zu", wrong.most);
    if (wrong.code != NULL) /* else it is told already */
        fail_at(reading, wrong.code, wrong.line, most, NULL);
    return false;
}

static bool read_file(struct reading *reading, int fd)
{
    char reason[128];
    char *text = malloc(FILE_MAX + 1);
    if (text == NULL)
        return fail_memory(reading->error);
    ssize_t length = read_all(fd, text, FILE_MAX + 1);
    int number = length > FILE_MAX ? EFBIG : errno;
    bool done = false;
    if (length < 0 || length > FILE_MAX) {
        fail(reading->error, "CONFIG_UNREADABLE", reading->config->path, strerror_r(number, reason, sizeof reason),
             NULL);
    } else {
        text[length] = '\0';
        done = read_lines(reading, text, (size_t)length);
    }
    explicit_bzero(text, FILE_MAX + 1);
    free(text);
    return done;
}

/* Whether no such file is to be seen; that in the home of somebody else, as with sudo, is none of ours. */
static bool is_missing(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
}

/* A file that nobody asked for may be missing. */
static bool open_file(struct reading *reading, bool asked)
{
    struct cli_config *config = reading->config;
    char reason[128];
    /* Without waiting for the other end of a pipe; what it is shows on the open descriptor. */
    int fd = open(config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int number = errno;
    if (fd < 0 && !asked && is_missing(config->path)) {
        free(config->path);
        config->path = NULL;
        return true;
    }
    if (fd < 0 || fstat(fd, &reading->file) != 0) {
        number = fd < 0 ? number : errno;
        if (fd >= 0)
            close(fd);
        return fail(reading->error, "CONFIG_UNREADABLE", config->path, strerror_r(number, reason, sizeof reason), NULL);
    }
    bool done = check_file(reading) && read_file(reading, fd);
    close(fd);
    return done;
}

static bool find_file(struct reading *reading)
{
    const char *asked = cli_options_text(reading->options, CLI_CONFIG_FILE);
    struct cli_config *config = reading->config;
    config->path = asked != NULL ? strdup(asked) : default_path();
    if (config->path != NULL)
        return open_file(reading, asked != NULL);
    return asked == NULL || fail_memory(reading->error);
}

/* ---- The profile ---- */

/* The names of the sections, or that there are none. */
static void list_profiles(const struct reading *reading, char *text, size_t size)
{
    bool english = reading->options->language == ATOBARAI_EN;
    const struct cli_config *config = reading->config;
    size_t used = 0;
    snprintf(text, size, "%s", english ? "none" : "なし");
    for (size_t i = 1; i < config->section_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 i == 1    ? ""
                                 : english ? ", "
                                           : "、",
                                 config->sections[i].name);
}

/* The section that is in force, in `*section`; 0: none. */
static bool choose_profile(const struct reading *reading, size_t *section)
{
    const struct cli_config *config = reading->config;
    const char *asked = cli_options_text(reading->options, CLI_PROFILE);
    const struct entry *said = find_entry(config, CLI_PROFILE, 0);
    const char *name = asked != NULL ? asked : said != NULL ? said->text : NULL;
    char there[256];
    *section = 0;
    if (name == NULL)
        return true;
    if (config->path == NULL)
        return fail(reading->error, "CONFIG_PROFILE_NO_FILE", NULL, name, NULL);
    for (*section = 1; *section < config->section_count; ++*section)
        if (strcmp(config->sections[*section].name, name) == 0)
            return true;
    list_profiles(reading, there, sizeof there);
    return asked != NULL ? fail(reading->error, "CONFIG_PROFILE_UNKNOWN", config->path, name, there)
                         : fail_at(reading, "CONFIG_PROFILE_UNKNOWN", said->line, name, there);
}

/* ---- Into the options ---- */

static void take_entry(struct cli_options *options, const struct entry *entry)
{
    struct cli_value *value = &options->values[entry->option];
    bool secret = cli_options_table[entry->option].kind == CLI_SECRET;
    if (value->origin == CLI_BY_COMMAND_LINE ||
        (!secret && entry->option != CLI_PROFILE && !cli_options_taken(options->command, entry->option)))
        return;
    *value = (struct cli_value){
        .given = entry->text != NULL || entry->number != 0,
        .text = entry->text,
        .number = entry->number,
        .origin = entry->section > 0 ? CLI_BY_PROFILE : CLI_BY_FILE,
        .line = entry->line,
    };
}

static void take_section(struct cli_options *options, const struct cli_config *config, size_t section)
{
    for (size_t i = 0; i < config->entry_count; i++)
        if (config->entries[i].section == section)
            take_entry(options, &config->entries[i]);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
}

/* A secret of the environment, which goes before that of the file. No process that is ever started inherits it, and
 * /proc/PID/environ shows it no more. */
static bool take_environment(struct cli_options *options, enum cli_option option, char **copy)
{
    const char *name = cli_options_table[option].environment;
    struct cli_value *value = &options->values[option];
    char *text = getenv(name);
    if (text != NULL && *text != '\0')
        *value = (struct cli_value){.given = true, .text = text, .origin = CLI_BY_ENVIRONMENT};
    if (value->given) {
        *copy = strdup(value->text);
        value->text = *copy;
    }
    wipe(text);
    unsetenv(name);
    return !value->given || *copy != NULL;
}

/* Only those secrets are left that are in force, and none where nobody asks for them. */
static bool take_secrets(struct cli_options *options, struct cli_config *config)
{
    bool taken = true;
    for (size_t i = 0; i < SECRETS; i++)
        taken = take_environment(options, secrets[i], &config->secrets[i]) && taken;
    for (size_t i = 0; i < config->entry_count; i++)
        if (cli_options_table[config->entries[i].option].kind == CLI_SECRET)
            wipe(config->entries[i].text);
    const struct cli_command_entry *command = &cli_commands[options->command];
    if (taken && command->operation == NULL && !command->takes_folder && options->command != CLI_CONFIG)
        cli_config_forget_secrets(options);
    return taken;
}

/* Words for the place of a value in the file. */
static void name_place(const struct cli_config *config, const struct cli_value *value, const char *name, char *text,
                       size_t size)
{
    snprintf(text, size, "%s (%s:%u)", name, config->path, value->line);
}

/* A rehearsal touches nothing of the real service: what is said of that in a place that counts less than the one which
 * asks for the rehearsal does not count. The other way round, nobody may take for a rehearsal what is none. */
static bool keep_apart(struct cli_options *options, const struct cli_config *config, struct cli_config_error *error)
{
    static const enum cli_option real[] = {CLI_API_URL, CLI_LEDGER};
    const struct cli_value *sandbox = &options->values[CLI_USE_SANDBOX];
    char place[256];
    if (!sandbox->given)
        return true;
    if (options->values[CLI_API_URL].origin == CLI_BY_COMMAND_LINE) {
        name_place(config, sandbox, "sandbox", place, sizeof place);
        fail(error, "USAGE_CONFLICT", NULL, place, "--api-url");
        error->status = ATOBARAI_USAGE;
        return false;
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++)
        if (options->values[real[i]].origin < sandbox->origin)
            options->values[real[i]] = (struct cli_value){0};
    return true;
}

static void set_language(struct cli_options *options)
{
    if (cli_options_given(options, CLI_LANG))
        options->language = (enum atobarai_language)cli_options_number(options, CLI_LANG);
}

static bool load(struct reading *reading)
{
    struct cli_options *options = reading->options;
    struct cli_config *config = reading->config;
    size_t profile;
    if (!find_file(reading) || !choose_profile(reading, &profile))
        return false;
    take_section(options, config, 0);
    if (profile > 0)
        take_section(options, config, profile);
    set_language(options);
    options->config = config->path;
    options->profile = config->sections[profile].name;
    return keep_apart(options, config, reading->error);
}

bool cli_config_load(struct cli_options *options, struct cli_config **config, struct cli_config_error *error)
{
    *config = calloc(1, sizeof **config);
    if (*config == NULL)
        return fail_memory(error);
    (*config)->sections = calloc(1, sizeof *(*config)->sections);
    if ((*config)->sections == NULL)
        return fail_memory(error);
    (*config)->section_count = 1;
    struct reading reading = {.config = *config, .options = options, .error = error};
    /* The environment is emptied whatever becomes of the file. */
    bool loaded = load(&reading);
    return take_secrets(options, *config) ? loaded : fail_memory(error);
}

void cli_config_forget_secrets(const struct cli_options *options)
{
    for (size_t i = 0; i < SECRETS; i++)
        wipe((char *)options->values[secrets[i]].text);
}

void cli_config_free(struct cli_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->entry_count; i++) {
        wipe(config->entries[i].text);
        free(config->entries[i].text);
    }
    for (size_t i = 0; i < config->section_count; i++)
        free(config->sections[i].name);
    for (size_t i = 0; i < SECRETS; i++) {
        wipe(config->secrets[i]);
        free(config->secrets[i]);
    }
    free(config->entries);
    free(config->sections);
    free(config->path);
    free(config);
}
