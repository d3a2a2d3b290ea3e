/*
 * Takes sound as it is made, in a callback, and stops after some seconds of it.
 *
 *   cc callback.c -I ../../include -L ../../target/release -ltts -o callback
 *   ./callback VOICE.safetensors SECONDS "A long text."
 */
#include "tts.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct listener {
    double seconds;
    unsigned long chunks;
    unsigned long words;
    int over;
} listener;

/* Called on the worker thread. Not 0 cancels the utterance. */
static int32_t on_audio(void *user_data, const tts_chunk *chunk)
{
    listener *l = (listener *)user_data;
    if (chunk->count == 0) {
        l->over = 1;
        return 0;
    }
    l->chunks++;
    return (double)(chunk->position + chunk->count) / chunk->sample_rate >= l->seconds;
}

static void on_mark(void *user_data, const tts_mark *mark)
{
    listener *l = (listener *)user_data;
    if (mark->kind == TTS_MARK_WORD)
        l->words++;
}

static void on_log(void *user_data, tts_log_level level, const char *message)
{
    (void)user_data;
    printf("%s: %s\n", level == TTS_LOG_WARNING ? "warning" : "log", message);
}

int main(int argc, char **argv)
{
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    tts_utterance *utterance = NULL;
    tts_engine_config engine_config;
    tts_utterance_config config;
    listener listener = { 0, 0, 0, 0 };
    tts_status status;

    if (argc != 4) {
        fprintf(stderr, "usage: callback VOICE.safetensors SECONDS TEXT\n");
        return 2;
    }
    listener.seconds = atof(argv[2]);
    tts_engine_config_init(&engine_config, sizeof engine_config);
    engine_config.on_log = on_log;
    tts_utterance_config_init(&config, sizeof config);
    config.on_audio = on_audio;
    config.on_mark = on_mark;
    config.user_data = &listener;

    status = tts_engine_create(&engine_config, &engine);
    if (status >= 0)
        status = tts_voice_open_path(engine, argv[1], &voice);
    if (status >= 0)
        status = tts_utterance_start(voice, argv[3], &config, &utterance);
    if (status >= 0)
        status = tts_utterance_wait(utterance, UINT32_MAX);
    if (status < 0)
        fprintf(stderr, "callback: %s\n", tts_last_error());
    else
        printf("%s: %lu chunks, %lu words, %s\n", tts_status_string(status), listener.chunks,
               listener.words, listener.over ? "heard to the end" : "stopped");

    /* Once an utterance is destroyed, its callbacks are not called any more. */
    tts_utterance_destroy(utterance);
    tts_voice_destroy(voice);
    tts_engine_destroy(engine);
    return status < 0;
}
