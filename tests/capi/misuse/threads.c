/* Several threads, and several processes, that do not wait for each other. */
#include "misuse.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static const char long_text[] = "This is a long text. It has many sentences. Each of them is spoken. "
                                "None of them is short enough. This is a long text. It has many sentences. "
                                "Each of them is spoken. None of them is short enough.";


static void destroyed_with_work_in_flight(void)
{
    int round;
    for (round = 0; round < 12; round++) {
        tts_engine *e = engine();
        tts_voice *v = voice(e);
        tts_utterance *u[4];
        tts_stats stats;
        float sample;
        size_t count;
        int i;
        stats.struct_size = sizeof stats;
        for (i = 0; i < 4; i++)
            EXPECT(tts_utterance_start(v, long_text, NULL, &u[i]), TTS_OK);
        sleep_ms(round * 10);
        if (round % 2)
            EXPECT(tts_voice_destroy(v), TTS_OK);
        EXPECT(tts_engine_destroy(e), TTS_OK);
        /* What is left can be asked, and destroyed. */
        EXPECT(tts_utterance_wait(u[0], UINT32_MAX), TTS_CANCELLED);
        EXPECT(tts_utterance_stats(u[0], &stats), TTS_OK);
        CHECK(stats.state == TTS_STATE_ENDED && stats.result == TTS_CANCELLED);
        EXPECT(tts_utterance_read(u[0], &sample, 1, &count), TTS_CANCELLED);
        CHECK(count == 0 && sample == 0);
        if (round % 2 == 0) {
            tts_audio audio = no_audio();
            tts_utterance *late = NULL;
            EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_ENGINE_GONE);
            EXPECT(tts_utterance_start(v, "Hello.", NULL, &late), TTS_ERROR_ENGINE_GONE);
            EXPECT(tts_voice_destroy(v), TTS_OK);
        }
        for (i = 0; i < 4; i++)
            EXPECT(tts_utterance_destroy(u[i]), TTS_OK);
    }
}

static void cancelled_at_every_point(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    float block[256];
    size_t count;
    int round;
    for (round = 0; round < 60; round++) {
        tts_utterance *u = NULL;
        EXPECT(tts_utterance_start(v, long_text, NULL, &u), TTS_OK);
        sleep_ms(round * 2);
        CHECK(tts_utterance_read(u, block, 256, &count) >= 0);
        EXPECT(tts_utterance_cancel(u), TTS_OK);
        EXPECT(tts_utterance_read(u, block, 256, &count), TTS_CANCELLED);
        CHECK(count == 0 && block[0] == 0);
        EXPECT(tts_utterance_cancel(u), TTS_OK);
        if (round % 2)
            EXPECT(tts_utterance_wait(u, UINT32_MAX), TTS_CANCELLED);
        EXPECT(tts_utterance_destroy(u), TTS_OK);
    }
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

typedef struct speaker {
    tts_voice *voice;
    int batch;
    tts_status status;
} speaker;

static void *speaks(void *argument)
{
    speaker *s = (speaker *)argument;
    tts_audio audio = no_audio();
    const char *text = long_text;
    s->status = s->batch ? tts_voice_speak_batch(s->voice, &text, 1, NULL, &audio, NULL)
                         : tts_voice_speak(s->voice, long_text, NULL, &audio);
    tts_audio_free(&audio);
    return NULL;
}

static void destroyed_while_others_speak(void)
{
    int round;
    for (round = 0; round < 6; round++) {
        tts_engine *e = engine();
        tts_voice *v = voice(e);
        pthread_t threads[3];
        speaker speakers[3];
        int i;
        for (i = 0; i < 3; i++) {
            speakers[i].voice = v;
            speakers[i].batch = i == 1;
            CHECK(pthread_create(&threads[i], NULL, speaks, &speakers[i]) == 0);
        }
        sleep_ms(round * 20);
        if (round % 2) {
            EXPECT(tts_voice_destroy(v), TTS_OK);
            EXPECT(tts_engine_destroy(e), TTS_OK);
        } else {
            EXPECT(tts_engine_destroy(e), TTS_OK);
            EXPECT(tts_voice_destroy(v), TTS_OK);
        }
        for (i = 0; i < 3; i++) {
            tts_status status;
            pthread_join(threads[i], NULL);
            status = speakers[i].status;
            CHECK(status == TTS_ERROR_ENGINE_GONE || status == TTS_ERROR_HANDLE || status >= 0);
        }
    }
}

static tts_utterance *shared;
static int reading = 1;

static void *reads(void *buffer)
{
    size_t count;
    while (LOAD(reading)) {
        tts_status status = tts_utterance_read(shared, (float *)buffer, 48000, &count);
        CHECK(status >= 0 || status == TTS_ERROR_BUSY);
    }
    return NULL;
}

static void two_threads_read(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    static float buffers[2][48000];
    pthread_t threads[2];
    EXPECT(tts_utterance_start(v, long_text, NULL, &shared), TTS_OK);
    pthread_create(&threads[0], NULL, reads, buffers[0]);
    pthread_create(&threads[1], NULL, reads, buffers[1]);
    EXPECT(tts_utterance_wait(shared, UINT32_MAX), TTS_OK);
    STORE(reading, 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    EXPECT(tts_utterance_destroy(shared), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void forked(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_utterance *u = NULL;
    int status = 1;
    pid_t child;
    EXPECT(tts_utterance_start(v, long_text, NULL, &u), TTS_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        tts_audio audio = no_audio();
        tts_voice *none = NULL;
        tts_engine *mine = NULL;
        alarm(60);
        EXPECT(tts_utterance_wait(u, UINT32_MAX), TTS_ERROR_FORKED);
        EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_FORKED);
        EXPECT(tts_voice_open_path(e, voice_path, &none), TTS_ERROR_FORKED);
        EXPECT(tts_utterance_destroy(u), TTS_OK);
        EXPECT(tts_voice_destroy(v), TTS_OK);
        EXPECT(tts_engine_destroy(e), TTS_OK);
        EXPECT(tts_engine_create(NULL, &mine), TTS_OK);
        EXPECT(tts_voice_speak(voice(mine), "Yes.", NULL, &audio), TTS_OK);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* The parent has noticed nothing. */
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void *makes_everything(void *shared_voice)
{
    tts_engine *e = engine();
    tts_voice *none = NULL;
    *(tts_voice **)shared_voice = voice(e);
    EXPECT(tts_utterance_start(*(tts_voice **)shared_voice, "Hello there.", NULL, &shared), TTS_OK);
    EXPECT(tts_voice_open_path(NULL, "", &none), TTS_ERROR_NULL);
    return e;
}

static void *ends_everything(void *shared_voice)
{
    CHECK(tts_last_error()[0] == '\0'); /* an error belongs to its thread */
    EXPECT(tts_utterance_wait(shared, 60000), TTS_OK);
    EXPECT(tts_utterance_destroy(shared), TTS_OK);
    EXPECT(tts_voice_destroy(*(tts_voice **)shared_voice), TTS_OK);
    return NULL;
}

/* Nothing belongs to the thread that made it, which may have ended. */
static void used_on_other_threads(void)
{
    tts_voice *v = NULL;
    tts_audio audio = no_audio();
    void *e = NULL;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, makes_everything, &v) == 0 && pthread_join(thread, &e) == 0);
    EXPECT(tts_voice_speak(v, "Yes.", NULL, &audio), TTS_OK);
    EXPECT(tts_audio_free(&audio), TTS_OK);
    CHECK(pthread_create(&thread, NULL, ends_everything, &v) == 0 && pthread_join(thread, NULL) == 0);
    EXPECT(tts_engine_destroy((tts_engine *)e), TTS_OK);
}

/* The child has no thread but its own: whoever is in a call in the parent will not leave it here. */
static void forked_while_others_speak(void)
{
    int round;
    for (round = 0; round < 3; round++) {
        tts_engine *e = engine();
        speaker s;
        pthread_t thread;
        pid_t child;
        int status = 1;
        s.voice = voice(e);
        s.batch = 0;
        CHECK(pthread_create(&thread, NULL, speaks, &s) == 0);
        sleep_ms(round * 30);
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            tts_engine *mine = NULL;
            alarm(60);
            EXPECT(tts_voice_destroy(s.voice), TTS_OK);
            EXPECT(tts_voice_destroy(s.voice), TTS_ERROR_HANDLE);
            EXPECT(tts_engine_destroy(e), TTS_OK);
            EXPECT(tts_engine_create(NULL, &mine), TTS_OK);
            EXPECT(tts_engine_destroy(mine), TTS_OK);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        pthread_join(thread, NULL);
        EXPECT(s.status, TTS_OK);
        EXPECT(tts_voice_destroy(s.voice), TTS_OK);
        EXPECT(tts_engine_destroy(e), TTS_OK);
    }
}

/* Handles that threads take from each other while they use and destroy them. */
static tts_engine *engines[2];
static tts_voice *voices[2];
static tts_utterance *utterances[8];
static int playing = 1;

#define TAKE(place, other) __atomic_exchange_n(&(place), (other), __ATOMIC_SEQ_CST)
#define ANY(handles) LOAD((handles)[rand_r(&dice) % (sizeof(handles) / sizeof *(handles))])

static void *plays(void *seed)
{
    unsigned dice = *(unsigned *)seed;
    static const char *const texts[] = { "Yes.", "Are you sure?" };
    while (LOAD(playing)) {
        tts_utterance **place = &utterances[rand_r(&dice) % 8], *u = LOAD(*place), *made = NULL;
        tts_voice *v = ANY(voices), *opened = NULL;
        tts_utterance_config config;
        tts_audio audio[2];
        tts_stats stats;
        tts_mark mark;
        const char *text = NULL;
        float block[500];
        size_t count;
        int again;
        audio[0] = audio[1] = no_audio();
        stats.struct_size = sizeof stats;
        mark.struct_size = sizeof mark;
        tts_utterance_config_init(&config, sizeof config);
        config.priority = (int32_t)(rand_r(&dice) % 3);
        switch (rand_r(&dice) % 16) {
        case 0:
            tts_utterance_start(v, "Hello there. Nobody knows whose I am.", &config, &made);
            break;
        case 1:
            tts_utterance_open(v, &config, &made);
            break;
        case 2:
            tts_utterance_feed(u, "More words.\xf0\x9f");
            tts_utterance_feed(u, "\x98\x80");
            break;
        case 3:
            tts_utterance_flush(u);
            break;
        case 4:
            tts_utterance_finish(u);
            break;
        case 5:
            tts_utterance_cancel(u);
            break;
        case 6:
            tts_utterance_wait(u, 2);
            break;
        case 7:
            tts_utterance_destroy(u);
            break;
        case 8:
            tts_utterance_stats(u, &stats);
            CHECK(tts_utterance_error(u, &text) != TTS_OK || text != NULL);
            break;
        case 9:
            tts_voice_speak(v, texts[0], &config, audio);
            break;
        case 10:
            tts_voice_speak_batch(v, texts, 2, &config, audio, NULL);
            break;
        case 11:
            if (rand_r(&dice) % 8 == 0 && tts_voice_open_path(ANY(engines), voice_path, &opened) == TTS_OK)
                tts_voice_destroy(TAKE(voices[rand_r(&dice) % 2], opened));
            break;
        case 12:
            if (rand_r(&dice) % 32 == 0)
                tts_engine_destroy(TAKE(engines[rand_r(&dice) % 2], engine()));
            break;
        default:
            for (again = 0; again < 8; again++)
                tts_utterance_read(u, block, 500, &count);
            while (tts_utterance_next_mark(u, &mark) == TTS_OK)
                CHECK(mark.kind >= TTS_MARK_SENTENCE && mark.kind <= TTS_MARK_SSML);
        }
        CHECK(strstr(tts_last_error(), "internal error") == NULL);
        if (made != NULL)
            tts_utterance_destroy(TAKE(*place, made));
        for (again = 0; again < 2; again++)
            EXPECT(tts_audio_free(&audio[again]), TTS_OK);
    }
    return NULL;
}

static void any_call_on_any_thread(void)
{
    pthread_t threads[6];
    unsigned seeds[6], i;
    for (i = 0; i < 2; i++) {
        engines[i] = engine();
        voices[i] = voice(engines[i]);
    }
    for (i = 0; i < 6; i++) {
        seeds[i] = i + 1;
        CHECK(pthread_create(&threads[i], NULL, plays, &seeds[i]) == 0);
    }
    sleep_ms(4000);
    STORE(playing, 0);
    for (i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < 8; i++)
        tts_utterance_destroy(utterances[i]);
    for (i = 0; i < 2; i++) {
        tts_voice_destroy(voices[i]);
        EXPECT(tts_engine_destroy(engines[i]), TTS_OK);
    }
}

static const misuse cases[] = {
    { "destroyed_with_work_in_flight", destroyed_with_work_in_flight },
    { "cancelled_at_every_point", cancelled_at_every_point },
    { "destroyed_while_others_speak", destroyed_while_others_speak },
    { "two_threads_read", two_threads_read },
    { "used_on_other_threads", used_on_other_threads },
    { "any_call_on_any_thread", any_call_on_any_thread },
    { "forked", forked },
    { "forked_while_others_speak", forked_while_others_speak },
};

int main(int argc, char **argv)
{
    return run(cases, sizeof cases / sizeof *cases, argc, argv);
}
