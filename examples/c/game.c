/*
 * What a game does: an audio callback with a deadline pulls sound out of several utterances, while the
 * game thread starts lines, skips one, and follows the words of another for subtitles.
 *
 *   cc game.c -I ../../include -L ../../target/release -ltts -pthread -o game
 *   ./game VOICE.safetensors
 *
 * The audio device is simulated: a thread that asks for 10 ms of sound every 10 ms.
 */
#define _POSIX_C_SOURCE 199309L

#include "tts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINES 3
#define RATE 48000
#define BLOCK 480

static tts_utterance *lines[LINES];
static int playing = 1;
static double worst_us;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void sleep_us(long us)
{
    struct timespec t;
    t.tv_sec = us / 1000000;
    t.tv_nsec = us % 1000000 * 1000;
    nanosleep(&t, NULL);
}

/* The audio callback: nothing here waits, locks or allocates. */
static void mix(float *out)
{
    float block[BLOCK];
    size_t count;
    int i, j;
    memset(out, 0, BLOCK * sizeof *out);
    for (i = 0; i < LINES; i++) {
        double begin = now_us();
        tts_utterance_read(lines[i], block, BLOCK, &count); /* pads with silence */
        begin = now_us() - begin;
        if (begin > worst_us)
            worst_us = begin;
        for (j = 0; j < BLOCK; j++)
            out[j] += block[j] / LINES;
    }
}

static void *audio_device(void *unused)
{
    float out[BLOCK];
    (void)unused;
    while (__atomic_load_n(&playing, __ATOMIC_ACQUIRE)) {
        double begin = now_us();
        mix(out);
        begin = 10000 - (now_us() - begin);
        if (begin > 0)
            sleep_us((long)begin);
    }
    return NULL;
}

/* A voice file out of an archive of the game's: any function that gives bytes will do. */
static size_t read_archive(void *user_data, void *buffer, size_t size)
{
    FILE *file = (FILE *)user_data;
    size_t count = fread(buffer, 1, size, file);
    return ferror(file) ? (size_t)-1 : count;
}

static void on_progress(void *user_data, float progress)
{
    *(float *)user_data = progress;
}

int main(int argc, char **argv)
{
    static const char *texts[LINES] = { "Halt! Who goes there?", "I am looking for the old lighthouse.",
                                        "This line will be skipped by the player, long as it is." };
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    tts_utterance_config config;
    tts_reader reader;
    tts_stats stats;
    pthread_t device;
    float loaded = 0;
    int i, words = 0, failed = 0;

    memset(&reader, 0, sizeof reader);
    reader.struct_size = sizeof reader;
    reader.read = read_archive;
    reader.user_data = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (reader.user_data == NULL) {
        fprintf(stderr, "usage: game VOICE.safetensors\n");
        return 2;
    }
    /* The loading screen. */
    if (tts_engine_create(NULL, &engine) < 0 || tts_voice_open_reader(engine, &reader, &voice) < 0
        || tts_voice_warm_up(voice, on_progress, &loaded) < 0) {
        fprintf(stderr, "game: %s\n", tts_last_error());
        return 1;
    }
    fclose((FILE *)reader.user_data);

    tts_utterance_config_init(&config, sizeof config);
    config.sample_rate = RATE;
    for (i = 0; i < LINES; i++) {
        config.seed = (uint64_t)i;
        config.priority = -i; /* what is heard first is made first */
        if (tts_utterance_start(voice, texts[i], &config, &lines[i]) < 0) {
            fprintf(stderr, "game: %s\n", tts_last_error());
            return 1;
        }
    }
    /* A mixer begins when there is something to play. */
    stats.struct_size = sizeof stats;
    do {
        sleep_us(1000);
        failed |= tts_utterance_stats(lines[0], &stats) < 0;
    } while (!failed && stats.state == TTS_STATE_WAITING);
    pthread_create(&device, NULL, audio_device, NULL);

    /* The player skips the last line, in the middle of it or before it was heard at all. */
    sleep_us(300000);
    tts_utterance_cancel(lines[2]);

    for (i = 0; i < LINES; i++) {
        tts_status status = tts_utterance_wait(lines[i], 60000);
        tts_mark mark;
        mark.struct_size = sizeof mark;
        while (tts_utterance_next_mark(lines[i], &mark) == TTS_OK)
            words += i < 2 && mark.kind == TTS_MARK_WORD;
        failed |= tts_utterance_stats(lines[i], &stats) < 0 || stats.result != status;
        printf("%d: %s, first sound after %.0f ms, %.1f times real time, %lu underruns\n", i,
               tts_status_string(status), stats.first_audio_ms, stats.real_time_factor,
               (unsigned long)stats.underruns);
    }
    __atomic_store_n(&playing, 0, __ATOMIC_RELEASE);
    pthread_join(device, NULL);
    printf("%d words, %.0f %% loaded, the slowest read took %.1f us\n", words, loaded * 100.0, worst_us);
    for (i = 0; i < LINES; i++)
        failed |= tts_utterance_destroy(lines[i]) < 0;
    failed |= tts_voice_destroy(voice) < 0;
    failed |= tts_engine_destroy(engine) < 0;
    return failed;
}
