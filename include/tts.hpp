/*
 * tts.hpp - Tacoglow for C++: the handles of tts.h as move-only objects.
 *
 *   tts::engine engine;
 *   tts::voice voice;
 *   tts::audio audio;
 *   if (engine.create() < 0 || voice.open_path(engine, "voice.safetensors") < 0
 *       || voice.speak("Hello world.", audio) < 0)
 *       std::puts(tts_last_error());
 *
 * Header only, from C++11 on. No exceptions and no RTTI are needed, and none are thrown: every call
 * returns the tts_status of the function of tts.h that it stands for, where its rules are written. An
 * object without a handle is empty; calls on it return TTS_ERROR_NULL. Declare the engine before its
 * voices, and those before utterances, and they end in the right order; any other order is safe too.
 */
#ifndef TTS_HPP
#define TTS_HPP

#include "tts.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tts {

/* A handle that is destroyed once: when its owner goes, or takes another one. */
template <class T, tts_status (*Destroy)(T *)>
class handle {
public:
    handle() noexcept : handle_(nullptr) {}
    explicit handle(T *taken) noexcept : handle_(taken) {}
    handle(handle &&other) noexcept : handle_(other.release()) {}
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { reset(); }

    handle &operator=(handle &&other) noexcept
    {
        if (this != &other)
            reset(other.release());
        return *this;
    }

    T *get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /* Gives the handle away. */
    T *release() noexcept
    {
        T *given = handle_;
        handle_ = nullptr;
        return given;
    }

    /* Destroys what it has and takes another. */
    tts_status reset(T *taken = nullptr) noexcept
    {
        T *old = handle_;
        handle_ = taken;
        return old ? Destroy(old) : TTS_OK;
    }

protected:
    /* For the functions that make a handle: nothing is replaced unless they succeed. */
    template <class Make>
    tts_status make(Make &&call) noexcept
    {
        T *made = nullptr;
        tts_status status = call(&made);
        if (status >= 0)
            reset(made);
        return status;
    }

private:
    T *handle_;
};

/* Structs with their defaults. */
struct engine_config : tts_engine_config {
    engine_config() noexcept { tts_engine_config_init(this, sizeof(tts_engine_config)); }
};

struct utterance_config : tts_utterance_config {
    utterance_config() noexcept { tts_utterance_config_init(this, sizeof(tts_utterance_config)); }
};

/* Structs for results, ready to be filled. */
template <class T>
struct filled : T {
    filled() noexcept
    {
        std::memset(static_cast<T *>(this), 0, sizeof(T));
        this->struct_size = sizeof(T);
    }
};

typedef filled<tts_mark> mark;
typedef filled<tts_stats> stats;
typedef filled<tts_voice_info> voice_info;
typedef filled<tts_device_info> device_info;

/* Sound that the library keeps until the object goes. */
class audio {
public:
    audio() noexcept {}
    audio(const audio &) = delete;
    audio &operator=(const audio &) = delete;
    ~audio() { tts_audio_free(&audio_); }

    audio(audio &&other) noexcept { std::swap(audio_, other.audio_); }
    audio &operator=(audio &&other) noexcept
    {
        std::swap(audio_, other.audio_);
        return *this;
    }

    std::size_t size() const noexcept { return static_cast<std::size_t>(audio_.count); }
    std::uint32_t sample_rate() const noexcept { return audio_.sample_rate; }
    /* One of the two is NULL, as the format was chosen. */
    const float *f32() const noexcept { return audio_.f32; }
    const std::int16_t *s16() const noexcept { return audio_.s16; }

    /* Empty, and ready to be filled by a function of tts.h. */
    tts_audio *out() noexcept
    {
        tts_audio_free(&audio_);
        return &audio_;
    }

private:
    filled<tts_audio> audio_;
};

class engine : public handle<tts_engine, tts_engine_destroy> {
public:
    tts_status create() noexcept { return create(engine_config()); }
    tts_status create(const tts_engine_config &config) noexcept
    {
        return make([&](tts_engine **out) { return tts_engine_create(&config, out); });
    }
    tts_status pipeline_cache(void *buffer, std::size_t size, std::size_t &out_size) const noexcept
    {
        return tts_engine_pipeline_cache(get(), buffer, size, &out_size);
    }
};

class voice : public handle<tts_voice, tts_voice_destroy> {
public:
    tts_status open_path(const engine &on, const char *path) noexcept
    {
        return make([&](tts_voice **out) { return tts_voice_open_path(on.get(), path, out); });
    }
    tts_status open_memory_copied(const engine &on, const void *data, std::size_t size) noexcept
    {
        return make([&](tts_voice **out) {
            return tts_voice_open_memory_copied(on.get(), data, size, out);
        });
    }
    tts_status open_memory_borrowed(const engine &on, const void *data, std::size_t size) noexcept
    {
        return make([&](tts_voice **out) {
            return tts_voice_open_memory_borrowed(on.get(), data, size, out);
        });
    }
    tts_status open_reader(const engine &on, const tts_reader &reader) noexcept
    {
        return make([&](tts_voice **out) { return tts_voice_open_reader(on.get(), &reader, out); });
    }
    tts_status warm_up(tts_progress_callback on_progress = nullptr, void *user_data = nullptr) noexcept
    {
        return tts_voice_warm_up(get(), on_progress, user_data);
    }
    tts_status describe(voice_info &out) const noexcept { return tts_voice_describe(get(), &out); }
    tts_status text(tts_voice_text_kind kind, const char *&out) const noexcept
    {
        return tts_voice_text(get(), kind, &out);
    }
    tts_status symbol(std::size_t index, const char *&out) const noexcept
    {
        return tts_voice_symbol(get(), index, &out);
    }
    tts_status speak(const char *text, audio &out) const noexcept
    {
        return speak(text, utterance_config(), out);
    }
    tts_status speak(const char *text, const tts_utterance_config &config, audio &out) const noexcept
    {
        return tts_voice_speak(get(), text, &config, out.out());
    }
    tts_status speak(const char *text, std::size_t size, const tts_utterance_config &config,
                     audio &out) const noexcept
    {
        return tts_voice_speak_n(get(), text, size, &config, out.out());
    }
    /* `out`, and `results` if it is there, are arrays of `count`. */
    tts_status speak_batch(const char *const *texts, std::size_t count,
                           const tts_utterance_config &config, audio *out,
                           tts_status *results = nullptr) const noexcept
    {
        static_assert(sizeof(audio) == sizeof(tts_audio), "an array of one is an array of the other");
        tts_audio *first = nullptr;
        for (std::size_t i = count; i-- > 0;)
            first = out[i].out();
        return tts_voice_speak_batch(get(), texts, count, &config, first, results);
    }
};

class utterance : public handle<tts_utterance, tts_utterance_destroy> {
public:
    tts_status start(const voice &with, const char *text) noexcept
    {
        return start(with, text, utterance_config());
    }
    tts_status start(const voice &with, const char *text, const tts_utterance_config &config) noexcept
    {
        return make([&](tts_utterance **out) {
            return tts_utterance_start(with.get(), text, &config, out);
        });
    }
    tts_status start(const voice &with, const char *text, std::size_t size,
                     const tts_utterance_config &config) noexcept
    {
        return make([&](tts_utterance **out) {
            return tts_utterance_start_n(with.get(), text, size, &config, out);
        });
    }
    tts_status open(const voice &with) noexcept { return open(with, utterance_config()); }
    tts_status open(const voice &with, const tts_utterance_config &config) noexcept
    {
        return make([&](tts_utterance **out) { return tts_utterance_open(with.get(), &config, out); });
    }
    tts_status feed(const char *text) noexcept { return tts_utterance_feed(get(), text); }
    tts_status feed(const char *text, std::size_t size) noexcept
    {
        return tts_utterance_feed_n(get(), text, size);
    }
    tts_status flush() noexcept { return tts_utterance_flush(get()); }
    tts_status finish() noexcept { return tts_utterance_finish(get()); }
    tts_status read(float *samples, std::size_t count, std::size_t &read) noexcept
    {
        return tts_utterance_read(get(), samples, count, &read);
    }
    tts_status read(std::int16_t *samples, std::size_t count, std::size_t &read) noexcept
    {
        return tts_utterance_read_s16(get(), samples, count, &read);
    }
    tts_status next_mark(mark &out) noexcept { return tts_utterance_next_mark(get(), &out); }
    tts_status cancel() noexcept { return tts_utterance_cancel(get()); }
    tts_status wait(std::uint32_t timeout_ms = UINT32_MAX) noexcept
    {
        return tts_utterance_wait(get(), timeout_ms);
    }
    tts_status get_stats(stats &out) const noexcept { return tts_utterance_stats(get(), &out); }
    tts_status error(const char *&out) const noexcept { return tts_utterance_error(get(), &out); }
};

} /* namespace tts */

#endif
