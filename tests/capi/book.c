/*
 * Speaks a megabyte of text, a step of the decoder a sentence, and watches the memory: it must not grow with what was
 * spoken, nor be more than that of a short text and the text itself. Run with a voice file and a number of sentences
 * after which to stop; all are 29,128.
 */
#define _GNU_SOURCE
#include "interpose.h"
#include "tts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char sentence[] = "This is one of very many sentences.\n";
enum { MEGABYTE = 1 << 20 };

static int may_allocate(size_t size)
{
    (void)size;
    return 1;
}

static void before_free(void) {}

typedef struct listener {
    unsigned long sentences, most;
    /* The most bytes that were in use at once: in the first tenth, and after it. */
    long early, late;
} listener;

static void on_mark(void *user_data, const tts_mark *mark)
{
    listener *l = user_data;
    l->sentences += mark->kind == TTS_MARK_END;
}

static int32_t on_audio(void *user_data, const tts_chunk *chunk)
{
    listener *l = user_data;
    long *most = l->sentences < l->most / 10 ? &l->early : &l->late;
    (void)chunk;
    if (live_bytes > *most)
        *most = live_bytes;
    return l->sentences >= l->most;
}

static void speak(const tts_voice *voice, const char *text, listener *listener)
{
    tts_utterance_config config;
    tts_utterance *utterance = NULL;
    tts_status status;
    tts_utterance_config_init(&config, sizeof config);
    config.on_audio = on_audio;
    config.on_mark = on_mark;
    config.user_data = listener;
    config.max_steps = 1;
    status = tts_utterance_start(voice, text, &config, &utterance);
    if (status == TTS_OK)
        status = tts_utterance_wait(utterance, UINT32_MAX);
    if (status != TTS_STEP_LIMIT && status != TTS_CANCELLED) {
        fprintf(stderr, "%s\n", tts_last_error());
        exit(1);
    }
    tts_utterance_destroy(utterance);
}

int main(int argc, char **argv)
{
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    listener page = { 0, 100, 0, 0 }, book = { 0, 0, 0, 0 };
    char *text = malloc(MEGABYTE + sizeof sentence);
    size_t size;
    long more;
    if (argc != 3 || text == NULL || (book.most = (unsigned long)atol(argv[2])) < 100)
        return 2;
    for (size = 0; size < MEGABYTE; size += sizeof sentence - 1)
        memcpy(text + size, sentence, sizeof sentence);
    if (tts_engine_create(NULL, &engine) != TTS_OK || tts_voice_open_path(engine, argv[1], &voice) != TTS_OK) {
        fprintf(stderr, "%s\n", tts_last_error());
        return 1;
    }
    text[200 * (sizeof sentence - 1)] = '\0';
    speak(voice, text, &page);
    text[200 * (sizeof sentence - 1)] = sentence[0];
    speak(voice, text, &book);
    /* The library has a copy of the text. */
    more = book.late - page.late - (long)size;
    printf("%lu sentences: heap at most %ld kB in the first tenth, %ld kB after it, %+ld kB against a page\n",
           book.sentences, book.early / 1000, book.late / 1000, more / 1000);
    tts_voice_destroy(voice);
    tts_engine_destroy(engine);
    free(text);
    return book.sentences < book.most || book.late > book.early + 100000 || more > 100000;
}
