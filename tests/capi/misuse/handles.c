/* Handles that are none, or not any more. */
#include "misuse.h"

#include <unistd.h>

static void freed_twice(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_audio audio = no_audio(), copy;
    EXPECT(tts_voice_speak(v, "Yes.", NULL, &audio), TTS_OK);
    copy = audio;
    EXPECT(tts_audio_free(&audio), TTS_OK);
    CHECK(audio.f32 == NULL && audio.count == 0);
    EXPECT(tts_audio_free(&audio), TTS_OK);
    EXPECT(tts_audio_free(&copy), TTS_ERROR_HANDLE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_voice_destroy(v), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_ERROR_HANDLE);
}

static void used_after_destroy(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e), *other = NULL;
    tts_utterance *u = NULL, *last = NULL;
    tts_audio audio = no_audio();
    tts_voice_info info;
    tts_stats stats;
    float sample;
    size_t count;
    info.struct_size = sizeof info;
    stats.struct_size = sizeof stats;
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &u), TTS_OK);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &last), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_read(u, &sample, 1, &count), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_cancel(u), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_wait(u, 10), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_stats(u, &stats), TTS_ERROR_HANDLE);
    EXPECT(tts_utterance_feed(last, "More."), TTS_ERROR_STATE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_voice_describe(v, &info), TTS_ERROR_HANDLE);
    /* An utterance outlives its voice. */
    EXPECT(tts_utterance_wait(last, 60000), TTS_OK);
    EXPECT(tts_utterance_destroy(last), TTS_OK);
    EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
    EXPECT(tts_voice_open_path(e, voice_path, &other), TTS_ERROR_HANDLE);
    CHECK(other == NULL);
}

static void another_kind_of_handle(void)
{
    tts_engine *e = engine();
    int local = 0;
    tts_voice_info info;
    info.struct_size = sizeof info;
    EXPECT(tts_voice_destroy((tts_voice *)e), TTS_ERROR_HANDLE);
    EXPECT(tts_voice_describe((tts_voice *)e, &info), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)&local), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)(size_t)1), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy((tts_engine *)~(size_t)0), TTS_ERROR_HANDLE);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void forgotten(void)
{
    /* Nothing is destroyed: the process must end all the same. */
    tts_audio audio = no_audio();
    EXPECT(tts_voice_speak(voice(engine()), "Yes.", NULL, &audio), TTS_OK);
}

static long resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Does something 10,000 times and looks at the memory of the process after every fifth of them. */
static void ten_thousand_times(void (*round)(void *), void *argument)
{
    enum { STRETCHES = 5 };
    long before = resident_kb(), after, least = 1000000;
    int i, stretch;
    for (stretch = 0; stretch < STRETCHES; stretch++) {
        for (i = 0; i < 10000 / STRETCHES; i++)
            round(argument);
        sleep_ms(300); /* the worker throws away what was cancelled */
        after = resident_kb();
        if (after - before < least)
            least = after - before;
        before = after;
    }
    /* What is in flight differs from time to time; a leak grows in every stretch. */
    if (least > 512) {
        fprintf(stderr, "memory grows by %ld kB in %d rounds\n", least, 10000 / STRETCHES);
        exit(1);
    }
}

static void engine_round(void *unused)
{
    tts_engine_config config;
    tts_engine *e = NULL;
    (void)unused;
    tts_engine_config_init(&config, sizeof config);
    config.threads = 1;
    EXPECT(tts_engine_create(&config, &e), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void ten_thousand_engines(void)
{
    ten_thousand_times(engine_round, NULL);
}

static void utterance_round(void *voice)
{
    tts_utterance *u = NULL;
    EXPECT(tts_utterance_start((tts_voice *)voice, "Hello there.", NULL, &u), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
}

static void ten_thousand_utterances(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    ten_thousand_times(utterance_round, v);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static const misuse cases[] = {
    { "freed_twice", freed_twice },
    { "used_after_destroy", used_after_destroy },
    { "another_kind_of_handle", another_kind_of_handle },
    { "forgotten", forgotten },
    { "ten_thousand_engines", ten_thousand_engines },
    { "ten_thousand_utterances", ten_thousand_utterances },
};

int main(int argc, char **argv)
{
    return run(cases, sizeof cases / sizeof *cases, argc, argv);
}
