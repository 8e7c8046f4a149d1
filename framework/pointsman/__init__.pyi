from pointsman.app.service import PointsmanService as PointsmanService
from pointsman.app.service import service as service
