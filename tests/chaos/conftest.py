from tests.fakes.fixtures import anyio_backend as anyio_backend
from tests.fakes.fixtures import network as network
from tests.fakes.fixtures import phone as phone
