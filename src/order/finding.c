/* order/finding.c: see finding.h. */
#include "order/finding.h"

#include <stdlib.h>
#include <string.h>

bool findings_add(struct findings *findings, struct finding finding, const char *const args[FINDING_ARGS])
{
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity * 2 + 64;
        struct finding *list = realloc(findings->list, capacity * sizeof *list);
        if (list == NULL) {
            findings->failed = true;
            return false;
        }
        findings->list = list;
        findings->capacity = capacity;
    }
    finding.args = (uint32_t)findings->texts.length;
    for (size_t i = 0; i < FINDING_ARGS; i++) {
        const char *arg = args != NULL && args[i] != NULL ? args[i] : "";
        buf_append(&findings->texts, arg, strlen(arg) + 1);
    }
    findings->failed = findings->failed || findings->texts.failed || findings->texts.length > UINT32_MAX;
    if (findings->failed) /* without its arguments it is none */
        return false;
    findings->list[findings->count++] = finding;
    return true;
}

/* Rows count from 1; 0 is none. */
static uint32_t shifted(uint32_t row, uint32_t shift)
{
    return row != 0 ? row + shift : 0;
}

bool findings_take(struct findings *findings, struct findings *more, uint32_t shift)
{
    size_t base = findings->texts.length;
    size_t count = findings->count + more->count;
    if (count > findings->capacity) {
        struct finding *list = realloc(findings->list, (count + count / 2) * sizeof *list);
        if (list != NULL) {
            findings->list = list;
            findings->capacity = count + count / 2;
        }
    }
    buf_append(&findings->texts, buf_text(&more->texts), more->texts.length);
    findings->failed = findings->failed || more->failed || count > findings->capacity || findings->texts.failed ||
                       findings->texts.length > UINT32_MAX;
    for (size_t i = 0; i < more->count && !findings->failed; i++) {
        struct finding *finding = &findings->list[findings->count++];
        *finding = more->list[i];
        finding->row = shifted(finding->row, shift);
        finding->other = shifted(finding->other, shift);
        finding->args += (uint32_t)base;
    }
    findings_free(more);
    return !findings->failed;
}

bool findings_block(const struct findings *findings, size_t begin)
{
    for (size_t i = begin; i < findings->count; i++)
        if (!findings->list[i].warning)
            return true;
    return false;
}

void findings_cut(struct findings *findings, size_t begin)
{
    size_t texts = findings->texts.length; /* where the first argument of what is taken back begins */
    for (size_t i = begin; i < findings->count; i++)
        if (findings->list[i].args < texts)
            texts = findings->list[i].args;
    findings->texts.length = texts;
    findings->count = begin;
}

void findings_args(const struct findings *findings, const struct finding *finding, struct span args[FINDING_ARGS])
{
    const char *at = buf_text(&findings->texts) + finding->args;
    for (size_t i = 0; i < FINDING_ARGS; i++) {
        args[i] = span_of(at);
        at += args[i].length + 1;
    }
}

/* Arguments are appended as findings are: where they begin tells which came first. */
static int compare(const void *a, const void *b)
{
    const struct finding *left = a;
    const struct finding *right = b;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    if (left->warning != right->warning)
        return left->warning ? 1 : -1;
    return left->args < right->args ? -1 : left->args > right->args;
}

void findings_sort(struct findings *findings, size_t begin)
{
    if (findings->count - begin > 1)
        qsort(findings->list + begin, findings->count - begin, sizeof *findings->list, compare);
}

void findings_free(struct findings *findings)
{
    free(findings->list);
    buf_free(&findings->texts);
    *findings = (struct findings){0};
}
