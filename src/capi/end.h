
#ifdef __cplusplus
}
#endif

#endif /* TTS_H */
