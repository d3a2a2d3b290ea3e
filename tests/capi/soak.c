/*
 * Speaks thousands of short utterances in every way that the interface has, and watches the memory. Fails if
 * it grows. Run with a voice file and the number of utterances:
 *
 *   cc -O2 tests/capi/soak.c $(pkg-config --cflags --libs tacoglow) -o soak
 *   ./soak voices/heart.safetensors 2000
 */
#define _GNU_SOURCE
#include "interpose.h"
#include "tts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *texts[] = {
    "Yes.", "Who goes there?", "The gate is open.", "Take the 3rd road, then wait.", "It is 5:30 p.m.",
    "He paid $12.50 for it!", "Good morning. How are you?", "One, two, three.", "Ready?", "Watch your head.",
};

static void check(int good, int line)
{
    if (!good) {
        fprintf(stderr, "line %d: %s\n", line, tts_last_error());
        exit(1);
    }
}
#define CHECK(condition) check((condition), __LINE__)

static int may_allocate(size_t size)
{
    (void)size;
    return 1;
}

static void before_free(void) {}

static long resident(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pause_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static int32_t counts(void *user_data, const tts_chunk *chunk)
{
    *(uint64_t *)user_data += chunk->count;
    return 0;
}

/* Reads up to `most` samples, or to the end; gives their number. */
static uint64_t read_all(tts_utterance *utterance, uint64_t most)
{
    float block[1024];
    uint64_t all = 0;
    tts_status status = TTS_OK;
    while (status != TTS_END && all < most) {
        size_t count;
        status = tts_utterance_read(utterance, block, 1024, &count);
        CHECK(status >= 0);
        all += count;
        if (status == TTS_UNDERRUN)
            pause_ms(1);
    }
    return all;
}

/* One utterance; gives the samples that were heard. */
static uint64_t speak(const tts_voice *voice, unsigned i)
{
    const char *text = texts[i % (sizeof texts / sizeof *texts)];
    tts_utterance_config config;
    tts_utterance *utterance = NULL;
    uint64_t heard = 0;
    size_t at;
    tts_utterance_config_init(&config, sizeof config);
    config.seed = i;
    config.speed = i % 3 == 0 ? 1.2f : 1;
    config.sample_rate = i % 4 == 0 ? 48000 : 0;
    config.format = i % 2 ? TTS_FORMAT_S16 : TTS_FORMAT_F32;
    switch (i % 5) {
    case 0: { /* into memory */
        tts_audio audio;
        memset(&audio, 0, sizeof audio);
        audio.struct_size = sizeof audio;
        CHECK(tts_voice_speak(voice, text, &config, &audio) >= 0);
        heard = audio.count;
        CHECK(tts_audio_free(&audio) == TTS_OK);
        return heard;
    }
    case 1: /* read to the end */
        CHECK(tts_utterance_start(voice, text, &config, &utterance) == TTS_OK);
        heard = read_all(utterance, UINT64_MAX);
        break;
    case 2: /* by callback */
        config.on_audio = counts;
        config.user_data = &heard;
        CHECK(tts_utterance_start(voice, text, &config, &utterance) == TTS_OK);
        CHECK(tts_utterance_wait(utterance, UINT32_MAX) >= 0);
        break;
    case 3: /* fed in pieces */
        CHECK(tts_utterance_open(voice, &config, &utterance) == TTS_OK);
        for (at = 0; at < strlen(text); at += 3)
            CHECK(tts_utterance_feed_n(utterance, text + at, strnlen(text + at, 3)) == TTS_OK);
        CHECK(tts_utterance_finish(utterance) == TTS_OK);
        heard = read_all(utterance, UINT64_MAX);
        break;
    default: /* left in the middle */
        CHECK(tts_utterance_start(voice, text, &config, &utterance) == TTS_OK);
        heard = read_all(utterance, 3000);
        CHECK(tts_utterance_cancel(utterance) == TTS_OK);
    }
    CHECK(tts_utterance_destroy(utterance) == TTS_OK);
    return heard;
}

int main(int argc, char **argv)
{
    enum { STRETCHES = 10 };
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    unsigned count, i;
    uint64_t heard = 0;
    long first_heap = 0, first_resident = 0, last_heap = 0, last_resident = 0;
    double begun = seconds();
    if (argc != 3 || (count = (unsigned)atoi(argv[2])) < STRETCHES)
        return 2;
    CHECK(tts_engine_create(NULL, &engine) == TTS_OK);
    CHECK(tts_voice_open_path(engine, argv[1], &voice) == TTS_OK);
    printf("| utterances | hours of sound | heap, kB | resident, MB | s |\n|---|---|---|---|---|\n");
    for (i = 1; i <= count; i++) {
        heard += speak(voice, i);
        if (i % (count / STRETCHES) != 0)
            continue;
        pause_ms(100); /* the worker throws away what was cancelled */
        last_heap = live_bytes;
        last_resident = resident();
        if (first_heap == 0) {
            first_heap = last_heap;
            first_resident = last_resident;
        }
        printf("| %u | %.3f | %.1f | %.1f | %.0f |\n", i, (double)heard / 22050 / 3600, (double)last_heap / 1e3,
               (double)last_resident / 1e6, seconds() - begun);
        fflush(stdout);
    }
    CHECK(tts_voice_destroy(voice) == TTS_OK);
    CHECK(tts_engine_destroy(engine) == TTS_OK);
    /* From the first stretch on nothing is new, so that nothing may be added; the system keeps what it likes. */
    printf("\nfrom the first stretch to the last: heap %+ld bytes, resident %+ld kB\n", last_heap - first_heap,
           (last_resident - first_resident) / 1000);
    if (last_heap - first_heap > 100000 || last_resident - first_resident > 16000000) {
        fprintf(stderr, "memory grows\n");
        return 1;
    }
    return 0;
}
