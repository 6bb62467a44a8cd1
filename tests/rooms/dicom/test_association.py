"""An association that we ask for loses no answer, however busy the machine is."""

import threading
import time

from pynetdicom import AE, evt

from scanward.dicom.association import STEADY, Checkpoint

VERIFICATION = "1.2.840.10008.1.1"
ROUNDS = 20


class SlowToSay:
    """What the reactor and a sender share of an association; on a busy machine saying "I work" takes a while."""

    def __init__(self) -> None:
        self.said, self.sending, self.both, self.ended = False, False, 0, False
        self.checkpoint = Checkpoint(self)

    @property
    def _is_paused(self) -> bool:
        return self.said

    @_is_paused.setter
    def _is_paused(self, paused: bool) -> None:
        if not paused:
            time.sleep(0.002)
        self.said = paused

    def react(self) -> None:
        while not self.ended:
            self._is_paused = True
            self.checkpoint.wait()
            self._is_paused = False
            self.both += self.sending

    def send(self) -> None:
        self.checkpoint.clear()
        while not self._is_paused:
            time.sleep(0)
        self.sending = True
        time.sleep(0.005)
        self.sending = False
        self.checkpoint.set()


def test_the_reactor_never_takes_answers_while_somebody_sends():
    association = SlowToSay()
    reactor = threading.Thread(target=association.react)
    reactor.start()
    for _ in range(ROUNDS):
        association.send()
    association.ended = True
    association.checkpoint.set()
    reactor.join()
    assert association.both == 0


def test_an_association_that_we_ask_for_has_that_checkpoint_and_works():
    listener = AE()
    listener.add_supported_context(VERIFICATION)
    server = listener.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, lambda _event: 0)])
    asking = AE()
    asking.add_requested_context(VERIFICATION)
    try:
        wire = asking.associate("127.0.0.1", server.server_address[1], evt_handlers=[*STEADY])
        assert isinstance(wire._reactor_checkpoint, Checkpoint)
        assert [wire.send_c_echo().Status for _ in range(3)] == [0, 0, 0]
        wire.release()
    finally:
        server.shutdown()
