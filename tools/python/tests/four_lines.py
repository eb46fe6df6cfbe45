from servicemesh import ServiceMesh
from servicemesh.service import Service

sm = ServiceMesh()
sm.add_service(Service('service1', '127.0.0.1:8080'))
sm.add_service(Service('service2', '127.0.0.1:8081'))
result = sm.call('service1', 'service2')

print(result.status, result.text, result.instance)
