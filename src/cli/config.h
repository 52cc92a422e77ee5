/* cli/config.h: the config file and the environment, as far as they set options.
 *
 * What counts, the first that there is: the command line, the environment (secrets only), the profile's section of the
 * file, what stands before the file's first section, the default. docs/config.md is for users. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/options.h"

/* What was read; it owns the texts that the options borrow. */
struct cli_config;

/* Why a config cannot be used: a code of the catalogue and its details. */
struct cli_config_error {
    enum atobarai_status status;
    const char *code;
    char path[4096 + 32]; /* FILE or FILE:LINE; "": none */
    char args[2][256];
};

/* Read the file that --config names, or the default one if it is there, choose the profile, and add to `options`, which
 * is as cli_options_parse() left it, what the command takes and the command line does not say. Every line of the file
 * is checked, those that do not matter here too. The secrets are taken out of the environment.
 *
 * The file is at most 64 KiB, a regular file (or /dev/null, which is an empty one), and nobody but its owner may write
 * to it. One with a secret in it must belong to the user or root, and nobody else may read it.
 *
 * False with `error`: CONFIG_…, USAGE_CONFLICT or OUT_OF_MEMORY; options->language is that of the file where it says so
 * in a line before the error. `*config` is to be freed in either case. */
bool cli_config_load(struct cli_options *options, struct cli_config **config, struct cli_config_error *error);

/* Wipe the secrets that the options borrow: they are empty texts from here on. */
void cli_config_forget_secrets(const struct cli_options *options);

/* All texts are wiped. NULL is allowed. */
void cli_config_free(struct cli_config *config);

#endif
