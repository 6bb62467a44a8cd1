"""Which device it was, in words that people use."""

import pytest
from django.utils.translation import override

from scanward.web.devices import device_words

LINES = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
    "Edg/140.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Linux; Android 14; SM-S921U) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0": "Firefox on Linux",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Safari/605.1.15": "Safari on Mac",
    "curl/8.9.1": "Unknown device",
    "": "Unknown device",
}


@pytest.mark.parametrize("line", LINES)
def test_a_device_is_named_as_people_name_it(line):
    with override("en"):
        assert device_words(line) == LINES[line]


def test_an_unknown_device_is_one_in_spanish_too():
    with override("es"):
        assert device_words("curl/8.9.1") == "Dispositivo desconocido"
