// A library for ask to miss.
int answer(void) { return 42; }
