/*
 * What an audio thread pays for tts_utterance_read, and how long a cancel takes. Run with a voice file:
 *
 *   cc -O2 benches/latency.c $(pkg-config --cflags --libs tacoglow) -pthread -o latency
 *   ./latency voices/heart.safetensors
 *
 * Reads of 256 samples are timed one by one while the worker makes sound. They come every 400 microseconds, 29
 * times as often as a device at 22,050 Hz asks, so that the ring is now full and now empty. Cancels come at
 * moments that are spread over an utterance. Preemption by the system counts, as a listener would count it.
 */
#define _GNU_SOURCE
#include "tts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { READS = 120000, CANCELS = 400 };

static const char text[] =
    "Every game has lines that are cut short. The player walks away, and the voice should fall silent. "
    "It should do so at once, wherever it is in its sentence. Nobody likes to wait for a machine.";

static void check(int good, int line)
{
    if (!good) {
        fprintf(stderr, "line %d: %s\n", line, tts_last_error());
        exit(1);
    }
}
#define CHECK(condition) check((condition), __LINE__)

static double microseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void pause_us(long us)
{
    struct timespec t = { us / 1000000, us % 1000000 * 1000 };
    nanosleep(&t, NULL);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *times, size_t count)
{
    CHECK(count > 0);
    qsort(times, count, sizeof *times, by_size);
    printf("| %s | %lu | %.2f | %.2f | %.2f | %.2f |\n", what, (unsigned long)count, times[count / 2],
           times[count * 99 / 100], times[count * 999 / 1000], times[count - 1]);
}

static double full[READS], short_of[READS];

static void measure_reads(const tts_voice *voice)
{
    tts_utterance *utterance = NULL;
    size_t fulls = 0, shorts = 0;
    float block[256];
    while (fulls + shorts < READS) {
        size_t count;
        double begun, took;
        tts_status status;
        if (utterance == NULL)
            CHECK(tts_utterance_start(voice, text, NULL, &utterance) == TTS_OK);
        begun = microseconds();
        status = tts_utterance_read(utterance, block, 256, &count);
        took = microseconds() - begun;
        CHECK(status >= 0);
        if (status == TTS_OK)
            full[fulls++] = took;
        else
            short_of[shorts++] = took;
        if (status == TTS_END) {
            CHECK(tts_utterance_destroy(utterance) == TTS_OK);
            utterance = NULL;
        }
        pause_us(400);
    }
    CHECK(tts_utterance_destroy(utterance) == TTS_OK);
    report("read that finds 256 samples", full, fulls);
    report("read that finds fewer", short_of, shorts);
}

static void measure_cancels(const tts_voice *voice)
{
    static double silent[CANCELS], over[CANCELS], destroyed[CANCELS];
    int i;
    for (i = 0; i < CANCELS; i++) {
        tts_utterance *utterance = NULL;
        float block[256];
        size_t count;
        double begun;
        CHECK(tts_utterance_start(voice, text, NULL, &utterance) == TTS_OK);
        pause_us(i * 500L); /* up to 200 ms: from the first encoder step to a full ring */
        begun = microseconds();
        CHECK(tts_utterance_cancel(utterance) == TTS_OK);
        CHECK(tts_utterance_read(utterance, block, 256, &count) == TTS_CANCELLED && count == 0);
        silent[i] = microseconds() - begun;
        CHECK(tts_utterance_wait(utterance, UINT32_MAX) == TTS_CANCELLED);
        over[i] = microseconds() - begun;
        CHECK(tts_utterance_destroy(utterance) == TTS_OK);

        CHECK(tts_utterance_start(voice, text, NULL, &utterance) == TTS_OK);
        pause_us(i * 500L);
        begun = microseconds();
        CHECK(tts_utterance_destroy(utterance) == TTS_OK);
        destroyed[i] = microseconds() - begun;
    }
    report("cancel to the first silent read", silent, CANCELS);
    report("cancel until the worker has let go", over, CANCELS);
    report("destroy without a cancel", destroyed, CANCELS);
}

int main(int argc, char **argv)
{
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    if (argc != 2)
        return 2;
    CHECK(tts_engine_create(NULL, &engine) == TTS_OK);
    CHECK(tts_voice_open_path(engine, argv[1], &voice) == TTS_OK);
    CHECK(tts_voice_warm_up(voice, NULL, NULL) == TTS_OK);
    printf("| | times | p50, us | p99, us | p99.9, us | most, us |\n|---|---|---|---|---|---|\n");
    measure_reads(voice);
    measure_cancels(voice);
    CHECK(tts_voice_destroy(voice) == TTS_OK);
    CHECK(tts_engine_destroy(engine) == TTS_OK);
    return 0;
}
